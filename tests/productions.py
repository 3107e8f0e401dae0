"""The table of what random expressions are made of.

A row is a weight, the kinds of shapes it can have (S scalar, V column, L a column of length m*n,
R row, M matrix, Q square matrix), and a template.  ``{a,b}`` is an expression of that shape: a and
b are the rows and columns wanted, c and d random sizes, m and n the two sizes of the case.  After a
semicolon, a digit bounds the depth, "=" repeats what was written for the same shape before, "+"
asks for a name declared positive.  ``{a}`` is a size, ``[x|y]`` a choice, ``⟦x, y⟧`` are blocks,
NUMBER a literal, SMALL one that is a good base, WHOLE an integer name.
"""

from __future__ import annotations

from dataclasses import dataclass

NUMBERS = ("2", "3", "1", "1/2", "0.5", "2/3", "4", "7/3", "1e-3", "0.1", "12.5", "100", "0", "10")
SMALL = ("2", "3", "(5/2)", "0.5", "4")

TABLE = """
9   SVLRMQ  {a,b} + {a,b}
6   SVLRMQ  {a,b} - {a,b}
2   SVLRMQ  -{a,b}
3   SVLRMQ  {1,1;2} * {a,b}
2   SVLRMQ  NUMBER * {a,b}
2   SVLRMQ  {a,b} / [(1 + {1,1;2}^2)|exp({1,1;1})|SMALL]
4   SVLRMQ  [exp|sin|cos|tanh|sigmoid|softplus|atan|asinh|erf|cosh]({a,b})
2   SVLRMQ  [log|sqrt|abs|relu|log1p|expm1|sinh|tan|asin|lgamma|atanh|acos|step|sign|erfc]({a,b})
0.5 SVLRMQ  [tgamma|digamma|acosh|trigamma|logistic|arctan]({a,b;2})
3   SVLRMQ  {a,b} .^ [2|3|2|(-1)|(1/2)|(2/3)|(3/2)|(-2)|0|1]
1.5 SVLRMQ  {a,b;+} .^ [2|3|(-1)|(1/2)|(2/3)|(3/2)|(-2)|(1/3)|(-1/2)]
1   SVLRMQ  ({a,b;+} .^ [2|3|(2/3)|(1/2)|(4/3)]) .^ [(3/2)|2|(1/2)|(1/3)|(3/4)]
0.8 SVLRMQ  sqrt({a,b;+} .^ [3|2|5|(-1)])
1   SVLRMQ  ([sqrt({a,b;+} .^ 3)|{a,b;+} .^ (2/3)] .* {a,b;=} [./|.*] {a,b;+}) .^ [2|3|(1/2)]
1   SVLRMQ  (sqrt({a,b;+} .^ 3) .* {a,b;=} ./ {a,b;+}) .^ 2 + {a,b;=} .^ 2
0.5 SVLRMQ  {a,b} .^ ({1,1;1})
0.5 SVLRMQ  {a,b;+} .^ [({a,b;1})|WHOLE]
0.5 SVLRMQ  [2|SMALL|{1,1;+}] .^ ({a,b;1})
1   SVLRMQ  {a,b;=} + {a,b;=}
0.25 SVLRMQ  exp({a,b;=}) ./ ({1,1;1} * ones({a}, {b}) + exp({a,b;=}))
1   SVLRMQ  {1,1;1} * ones({a}, {b})
0.15 SVLRMQ  [exp|erf|cos|softplus|expm1]({1,1;1} * ones({a}, {b}))

6   VLRMQ   {a,b} .* {a,b}
2   VLRMQ   {a,b} ./ exp({a,b;2})
1   VLRMQ   {a,b;2} ./ {a,b;1}
1   VLRMQ   1 ./ {a,b;2}
1   VLR     ({1,1;2}) [+|-] {a,b}
1   VLR     {a,b} [+|-] {1,1;1}
1   VLR     {1,1;1} ./ ({1,1;1} + exp({a,b}))
9   VRMQ    {a,c} {c,b}
4   VRMQ    {b,a}'
2   VL      [softmax|logsoftmax|softmax|onehotmax]({a,b})
2   V       diag({a,a})
0.5 V       [diag|diagonal]({a,a;=} [-|+] {a,a;=}')
2   V       {a,a} {a,1}
2   V       inv({a,a;2}) {a,1}
1   V       diag({a,1}) {a,1}
0.5 V       [tanh|exp|sin|]({a,c;1} diag({c,1;1})) {c,1;0}
0.5 V       ({a,c;0} .* ({a,1;0} {c,1;0}')) {c,1;0}
0.4 V       [unvec(vec({a,1;0} {c,1;0}'), {a}, {c})|(exp({a,1;0} {c,1;0}') .* {a,c;0})] {c,1}
0.5 V       unvec({a,1;2}, {a}, 1)
0.5 V       diag([diag({a,1;1})^2|diag({a,1;1})^-1|inv(SMALL * diag({a,1;1}))|{a,a;0}^WHOLE])
3   L       vec({m,n})
1   L       kron({n,1}, {m,1})
2   L       vec({n,m})
1   L       vec({m,n;1}')
0.7 L       vec({m,n}) + vec({n,m})
1   L       vec({m,n;=}) [+|-] vec({m,n;=}')
1   L       commutation({m}, {n}) vec({m,n})
1   L       commutation({n}, {m}) {a,1}
5   R       {1,b} + {1,b}
2   R       {b,1}' {b,b}

3   MQ      {a,1} {b,1}'
1   MQ      {a,1} {1,b}
1   MQ      diag({a,1}) {a,b}
1   MQ      {a,b} diag({b,1})
1   MQ      inv({a,a;2}) {a,b}
1   MQ      ones({a}, {c}) {c,b}
0.5 MQ      {a,b} + ones({a}, {b})
0.7 MQ      (I [+|-] {a,a}) {a,b}
2   M       unvec({l,1}, {a}, {b})
0.6 MQ      [tril|triu]({a,b})
0.4 MQ      pinv({b,a;1})
0.4 MQ      blockinner(kron({a,b;1}, {c,d;1}), {c,d;1}, {a}, {b})
0.4 MQ      blocksum(kron({c,d;1}, {a,b;1}), {c,d;0}, {a}, {b})
1   M       unvec(vec({b,a}), {a}, {b})
0.3 MQ      top(⟦{a,b}; {c,b}⟧, {a}, {c})
0.3 MQ      bottom(⟦{c,b}; {a,b}⟧, {c}, {a})
0.3 MQ      left(⟦{a,b}, {a,c}⟧, {b}, {c})
0.3 MQ      right(⟦{a,c}, {a,b}⟧, {c}, {b})
0.7 MQ      ⟦{a,c}, {a,d}⟧ ⟦{c,b}; {d,b}⟧

3   Q       inv({a,a;2})
1   Q       {a,a;2}^-1
1   Q       inv({1,1;1} * I + {a,a;2})
1   Q       inv(I + {a,a;=}' {a,a;=})
2   Q       {a,a;2}^[2|3|2|(-1)|(-2)|-2|0|1|4]
1   Q       {a,a;0}^WHOLE
1   Q       {a,a} [+|-] {1,1;1} * I
1   Q       I [+|-] {a,a}
1   Q       {a,a;=} [-|+] {a,a;=}'
1   Q       {a,1;=} {a,1}' - {a,1} {a,1;=}'
1   Q       diag({a,1})
1   Q       diag({a,1;1})^[2|3|-1|-2|WHOLE]
0.7 Q       (SMALL * diag({a,1;1}))^[2|-1|3]
0.7 Q       inv(SMALL * diag({a,1;1}))
0.7 Q       ({a,a;1} .* {a,a;1})^[-1|2]
0.7 Q       inv({a,a;1} .* {a,a;1})
0.5 Q       adj({a,a;2})
0.7 Q       ones({a}, {a}) [ones({a}, {a})|{a,a}]
0.3 Q       commutation({a}, 1)
0.3 Q       [eye({a})|zeros({a}, {a})|exp(eye({a}))]

4   S       tr({c,c})
1.5 S       [tr|det|norm|sum]({c,c;0}^WHOLE)
0.5 S       tr({c,c;1}^WHOLE)
3   S       [det|logdet]({c,c;2})
5   S       {c,1}' {c,d} {d,1}
2   S       {c,1}' {c,1}
1   S       {1,c} {c,1}
4   S       [sum|mean|norm|norm1|sum]({c,d})
4   S       [sum|mean|norm|norm1|norminf|sum|logsumexp|logsumexp]({c,1})
0.5 S       norminf({1,1})
1   S       norminf({c,1})
2   S       [<{c,d}, {c,d}>|inner({c,d}, {c,d})|dot({c,1}, {c,1})]
2   S       ||{c,d}||^2
1   S       ||{c,1}||
1   S       {1,1} / (1 + {1,1}^2)
1   S       {1,1;2} / ({1,1;1} + {1,1;1})
2   S       [log|sqrt|lgamma|digamma|tgamma](1 + {1,1}^2)
4   S       {1,1}^[2|3|2|-1|(1/2)|(-2)|4|2.5]
1   S       ([2|3|SMALL] + [sin|cos|tanh]({1,1;1}))^[2|3|4|-1]
1   S       [cos|sin|cosh|exp]((2 + [sin|cos]({1,1;1}))^[2|3|4])
1   S       SMALL^{1,1;1}
0.5 S       {1,1;+}^{1,1;1}
0.5 S       2^{1,1;0} * 3^{1,1;0}
0.5 S       {1,1;1}^WHOLE
0.7 S       {n} * {1,1}
0.3 S       -{n}/2 * {1,1}
0.5 S       vec({m,n})' commutation({n}, {m}) vec({n,m})
1   S       vec({m,n})' [vec({m,n})|vec({n,m}')|vec({n,m})]
0.6 S       [norm|sum](vec({m,n}) + vec({n,m}))
0.3 S       sum([exp|erf|cos|softplus]([{1,1;1}|SMALL] * ones({c}, {d})) .* {c,d;1})
0.7 S       sum({c,d;=} .* exp({c,d;=}))
0.4 S       {c,1}' diag({c,c;=} - {c,c;=}')
1   S       {c,1}' [inv(SMALL * diag({c,1;1}))|diag({c,1;1})^2] {c,1}
1   S       tr(unvec(vec({m,n}), {n}, {m}) {m,n})
1   S       ones({c}, 1)' {c,1}
0.5 S       {1,1;0} * ({c,1;1}' ({1,1;0} + {c,1;1}))
0.5 S       {1,1;0} * sum({1,1;0} + {c,1;1})
0.5 S       sum(diag({c,1;1}) .* diag({c,1;1})^[2|3])
0.5 S       pi * {1,1}
1   S       tr(kron({c,c;1}, {d,d;1}))
1   S       [norm|sum](kron({m,n;1}, {c,[1|d];1}))
0.5 S       norm(blocksum({l,1;1}, {m,1;1}, {n}, 1))
0.7 S       ⟦{m,1}; {n,1}⟧' ⟦{m,1}; {n,1}⟧
0.5 S       norm(⟦{m,n}, {m,m}; {n,n}, {n,m}⟧)
0.5 S       tr(⟦{m,m}, {m,n}; {n,m}, {n,n}⟧)
0.5 S       norm(blockinner({l,1;1}, {n,1;1}, {m}, 1))
1   S       [max|min|prod|var|std]({c,1})
1   SVMQ    [hypot|atan2|logaddexp|maximum|minimum]({a,b}, {a,b})
0.3 V       cumsum({a,1})
0.3 Q       cov({c,a;1})
0.3 Q       [expm|sinm|cosm]({a,a;0})
0.2 Q       [logm|sqrtm](I + {a,a;0}' * {a,a;0} / 9)
0.5 Q       [dexpm|dsinm|dcosm]({a,a;0}, {a,a;0})
1.3 Q       [dlogm|dsqrtm](I + {a,a;0} / 9, {a,a;0})
1   S       [eigmax|eigmin]({c,c;1})
0.5 S       [normspec|normnuc]({c,d;1})
0.3 V       [eigvecmax|eigvecmin]({a,a;1})
0.2 MQ      polar({a,b;0})
"""


@dataclass(frozen=True)
class Production:
    """A row of the table."""

    weight: float
    kinds: str
    template: str


def _row(line: str) -> Production:
    weight, kinds, template = line.split(maxsplit=2)
    return Production(float(weight), kinds, template)


PRODUCTIONS = tuple(_row(line) for line in TABLE.splitlines() if line)
#: the rows for a kind of shape, and their weights, as ``Random.choices`` takes them
BY_KIND = {
    kind: (rows, [row.weight for row in rows])
    for kind in "SVLRMQ"
    for rows in [[row for row in PRODUCTIONS if kind in row.kinds]]
}
