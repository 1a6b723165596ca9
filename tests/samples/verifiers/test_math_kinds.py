r"""math: kinds of notation, each with the verdict of a careful mathematician.

A line `gold == answer` expects `correct`, a line `gold != answer` expects `wrong`. The test puts the answer into a
\boxed.
"""

import pytest

from samples.problems.problems import Problem
from samples.verifiers.math import Math

KINDS = r"""
# small exact values
\frac{1}{20!} != \frac{1}{21!}
\frac{1}{2^{90}} != \frac{1}{2^{91}}
3^{-70} != 2\cdot 3^{-70}
\frac{1}{3}+\frac{1}{3^{80}} != \frac{1}{3}-\frac{1}{3^{80}}
1-\frac{1}{10!^5} != 1
e^{-60} != 2e^{-60}
\sqrt{2}\cdot 10^{-40} != \sqrt{3}\cdot 10^{-40}
\{2^{-70}, 1\} != \{2^{-71}, 1\}
(2^{-70}, 1) != (2^{-71}, 1)
\frac{1}{2^{90}} == 2^{-90}
\frac{1}{6!} == \frac{1}{720}
\left(\frac{2}{3}\right)^{50} == \frac{2^{50}}{3^{50}}
\left(\frac{2}{3}\right)^{50} != \left(\frac{2}{3}\right)^{51}
1267650600228229401496703205376.0 != 1267650600228229401496703205377
\pi^{-50} != \pi^{-51}

# upright i and e
4 != 4\mathrm{i}
4 != 4\text{e}
4 != 4\,\mathrm{e}^{3}
6 != 6+2\mathrm{i}
2+\mathrm{i} == 2+i
\frac{1-\mathrm{i}}{2} == \frac12-\frac12 i
\mathrm{e}^{\mathrm{i}\pi} == -1
\mathrm{e}^{x} == e^x
\operatorname{e}^{2} == e^2
2\mathrm{e} == 2e
\sqrt{3} != \sqrt{3}\,\text{i}

# decoration
\frac{5}{8} == \color{green}{\frac{5}{8}}
\frac{5}{8} == {\color{red}\frac{5}{8}}
\frac{5}{8} == \textcolor{red}{\dfrac{5}{8}}
\frac{5}{8} == \mathbf{\frac{5}{8}}
\frac{5}{8} == \displaystyle\frac{5}{8}
\frac{5}{8} == \huge{\frac{5}{8}}
\frac{5}{8} == \(\frac{5}{8}\)
\frac{5}{8} == $\frac{5}{8}$
\frac{5}{8} == $$\frac{5}{8}$$
\frac{5}{8} == \left(\frac{5}{8}\right)
\frac{5}{8} == \bigl(\frac{5}{8}\bigr)
\frac{5}{8} == \ensuremath{\frac{5}{8}}
\frac{5}{8} == \fbox{\frac{5}{8}}
\frac{5}{8} == \textbf{Answer: }\frac{5}{8}
\frac{5}{8} == \text{Final answer: } \frac{5}{8}
\frac{5}{8} == \text{The probability is }\frac{5}{8}
\frac{5}{8} == P(A \cup B) = \frac{5}{8}
\frac{5}{8} == P(A|B) = \frac{5}{8}
\frac{5}{8} == \mathbb{P}(X \le 3) = \frac58
\frac{5}{8} == \Pr[X=1] = \frac58
\frac{5}{8} == \mathbb{E}[X] = \frac58
12 == \textit{12}
12 == \underline{\underline{12}}
12 == \mathbf{12}
12 == \mathrm{12}
12 == \texttt{12}
12 == __12__
12 == `12`
12 == *12*
12 == \simeq 12
12 == \therefore x = 12
12 == \min f(x) = 12
12 == \angle ABC = 12^\circ
12 == |AB| = 12
12 == AB = 12
12 == \overline{AB} = 12
12 == S_{10} = 12
12 == a_5 = 12
12 == f(3) = 12
12 == \text{Area} = 12
12 == \text{Area of } \triangle ABC = 12
12 == \text{approximately } 12
12 == \mathbf{n = 12}
12 == \boxed{12}
12 == 12 \quad
12 == \lim_{x\to 0} f(x) = 12
12 == m+n=5+7=12
12 != m+n=5+8=13
3.14 == x \approx 3.14
\pi == x = \pi \approx 3.14

# systems and named coordinates
(2,3) == \begin{cases} x=2 \\ y=3 \end{cases}
(2,3) == \begin{cases} x=2, \\ y=3. \end{cases}
(2,3) == x=2, y=3
(2,3) == x = 2 \text{ and } y = 3
(2,3) == y=3, x=2
(2,3) != x=3, y=2
(2,3) == \begin{aligned} x&=2 \\ y&=3 \end{aligned}
(2,3,4) == x=2, y=3, z=4
x=2, y=3 == (2,3)
x=2, y=3 == y=3, x=2
(a,b) = (2,3) == a=2, b=3

# time of day
7:45 == 7:45 \text{ AM}
7:45 \text{ AM} != 7:45 \text{ PM}
7:45 \text{ AM} == 7:45 a.m.
7:45 \text{ AM} == 7\!:\!45\text{ am}
7:45\text{ p.m.} == 7:45 \text{ pm}
7:45 != 7:54
9 \text{ PM} != 9 \text{ AM}

# words behind a number that change its value
2 != 2 \text{ billion}
2000000000 == 2 \text{ billion}
2 \text{ billion} == 2000000000
2 \text{ billion} == 2 \text{ billion dollars}
1.2 \text{ million} == 1200000
1.2 \text{ million} != 1.2
24 == 2 \text{ dozen}
2 != 2 \text{ dozen}
9 != 9 \text{ squared}
81 == 9 \text{ squared}
\frac{3}{5} == 3 \text{ fifths}
3 != 3 \text{ fifths}
2.5 == 2 \text{ and a half}
7 != 7 \text{ or more}
7 != 7 \text{ and above}
7 != \text{at least } 7
7 != \text{less than } 7
7 != \text{more than }7
7 != 7 \text{ below zero}
7 != 7 \text{ times as many}
7 != \text{minus } 7
120 == 5 \text{ factorial}
5 != 5 \text{ factorial}
40 != 40 thousand
40000 == 40 thousand

# opposite words
10 \text{ north} != 10 \text{ south}
10 \text{ km east} != 10 \text{ km west}
3 \text{ left} != 3 \text{ right}
4 \text{ boys} != 4 \text{ girls}
\$5 \text{ profit} != \$5 \text{ loss}
20\% \text{ increase} != 20\% \text{ decrease}
20\% \text{ increase} == 20\%
6 \text{ heads} != 6 \text{ tails}
6 \text{ heads} == 6
10 \text{ km north} == 10 \text{ km due north}

# lists with dots
1, 3, 5, \ldots == 1,3,5,\dots
1, 3, \ldots, 2n-1 == 1, 3, \cdots, 2n-1
2, 4, \ldots, 2n != 2, 4, \ldots, n

# lists in words
2, 5, 7 == 2, 5, \text{ and } 7
2, 5, 7 == 2, 5 and 7
2, 5 == 2 \text{ or } 5
2, 5 == 2; 5
2, 5 == x=2 \text{ or } x=5
2, 5 != 2, 6

# plus and minus
\frac{5\pm\sqrt{17}}{4} == \frac{5-\sqrt{17}}{4}, \frac{5+\sqrt{17}}{4}
\frac{5\pm\sqrt{17}}{4} == \frac{5}{4}\pm\frac{\sqrt{17}}{4}
\frac{5\pm\sqrt{17}}{4} == x = \frac{5\pm\sqrt{17}}{4}
\frac{5\pm\sqrt{17}}{4} != \frac{5+\sqrt{17}}{4}
\frac{5\pm\sqrt{17}}{4} != \frac{5\pm\sqrt{13}}{4}
\{\frac{5\pm\sqrt{17}}{4}\} == \frac{5-\sqrt{17}}{4}, \frac{5+\sqrt{17}}{4}
(\pm 3, 4) == (3,4), (-3,4)
-1\pm 2i == -1+2i, -1-2i
\pm\frac{1}{2} == -\frac12, \frac12
a \pm b == a+b, a-b

# grouped numbers
3,000, 4,500 == 3000, 4500
10{,}000, 20{,}000 == 10000, 20000
1234567 == 12,34,567
250000 == 2,50,000
1234567 == 1'234'567
1234567 == 1\,234\,567
1234567 == 1_234_567
x = 12{,}500 == 12500
\$1{,}250.50 == 1250.5
10,20,300 == 10, 20, 300

# Unicode signs
\frac{11}{4} == 2¾
\frac{3}{8} == ⅜
\frac{3}{4} == 3⁄4
x^5 == x⁵
x^{12} == x¹²
10^{-6} == 10⁻⁶
6.02\times 10^{23} == 6.02×10²³
a_2 == a₂
\sqrt{7} == √7
\sqrt{7} == √(7)
2\sqrt{7} == 2√7
\sqrt[3]{5} == ∛5
\frac{\sqrt{3}}{2} == √3/2
x \ge 2 == x ⩾ 2
x \ne 2 == x ≠ 2
45^\circ == 45º
-12 == －12
-12 == –12
12 == １２
12.5 == １２．５
\{1,2\} == ｛1，2｝
(1,2) == （1，2）
2\pi == 2π
\alpha+1 == α+1
\pm 3 == ±3
3\cdot 4 == 12
12 == 3·4
12 == 3×4
[0,\infty) == [0,∞)
\frac{1}{2}\pi == ½π
x \in \mathbb{R} == x∈ℝ

# fractions and roots in odd notation
\frac{3}{5} == \nicefrac{3}{5}
\frac{3}{5} == {3 \over 5}
\frac{3}{5} == \cfrac{3}{5}
\frac{3}{5} == \frac 3 5
\frac{2}{3} == 0.\overline{6}
\frac{2}{3} == 0.\dot{6}
\frac{2}{3} == 0.666...
\frac{2}{3} == 0.6666\ldots
\frac{4}{33} == 0.\overline{12}
\frac{4}{33} == 0.\dot{1}\dot{2}
\frac{1}{6} == 0.1\dot{6}
\frac{1}{6} == 0.1666\dots
\sqrt[4]{3} == \root 4 \of 3
\sqrt[4]{3} == \root{4}\of{3}
\sqrt[3]{7} == 7^{1/3}
\sqrt{7} == 7^{\frac12}
\sqrt{5} == sqrt(5)
\sqrt{5} == sqrt 5
\sqrt{\frac{1}{2}} == \frac{1}{\sqrt2}

# units
8 == \text{8 cm}
8 == 8 \rm{cm}
8 == 8 {\rm cm}
8 == \SI{8}{m/s}
8 == \qty{8}{kg}
8 == 8 \,\unit{cm}
8 == 8~\text{cm}^3
8 == 8\ \text{m}^{2}
8 == 8\text{ m}^2/\text{s}
8 == 8\;\mathrm{kg\cdot m/s^2}
8 == 8\,\mathrm{kg}\,\mathrm{m}^{-3}
8 == 8\,\text{mol}\cdot\text{L}^{-1}
8 == 8\,\mathrm{k\Omega}
8 == 8\ \mu\text{m}
8 == 8\,\mu\mathrm{F}
8 == 8^\circ\text{C}
8 == 8^{\circ}\mathrm{F}
8 == 8 °C
8 == 8 ℉
8 == 8\,\text{degrees Celsius}
8 == 8 sq cm
8 == 8 square units
8 == 8 \text{ square units}
8 == 8 \text{ cubic inches}
8 == 8 km/h
8 == 8 mph
n == n \text{ units}
2\sqrt{3} == 2\sqrt{3} \text{ cm}
\frac{x}{2} == \frac{x}{2}\text{ meters}
8 == 8\text{ apples}
8 == 8 \text{ people per hour}
8.5 == 8.5\,\Omega
\Omega == \Omega
\mu == \mu
2\mu != 2

# ordinals
4 == 4^{\text{th}}
4 == 4^{th}
4 == 4th
23 == 23rd
1 == 1^{st}
4 == \text{4th}
4 != 5th
4 == 4^\text{th}

# currency
7 == \text{US}\$7
7 == \text{\$}7
7 == \text{Rs } 7
7 == Rs. 7
7 == £7
7 == 7 \text{ USD}
7 == 7 USD
7 == \text{EUR } 7
7 == 7 €
7 == \text{\$7}
7 == 7\text{ dollars}
7.50 == \$7.50

# percent
15\%, 35\% == 35\%, 15\%
15\%, 35\% == 15, 35
15\% == 15\%\text{ of the total}
15\% == \text{15\%}
15\% == \text{a } 15\% \text{ decrease}
15\% == 15\% \text{ discount}
15\% == 15 \text{ per cent}
15\% == 0.15
15\% != 1.5
15\% == \frac{3}{20}

# unions and sets
(-\infty,-1)\cup(4,\infty) == x<-1 \text{ or } x>4
(-\infty,-1)\cup(4,\infty) == x < -1 or x > 4
(-\infty,-1)\cup(4,\infty) == x>4 \text{ or } x<-1
(-\infty,-1)\cup(4,\infty) == x<-1 \lor x>4
(-\infty,-1]\cup[4,\infty) == x\le-1\text{ or }x\ge4
(-\infty,-1)\cup(4,\infty) != x\le-1\text{ or }x>4
(-\infty,-1)\cup(4,\infty) == (-\infty,-1) \text{ or } (4,\infty)
(-\infty,-1)\cup(4,\infty) == (-\infty,-1) \text{ and } (4,\infty)
(-\infty,-1)\cup(4,\infty) == x \in (-\infty,-1)\cup(4,\infty)
(-\infty,-1)\cup(4,\infty) == \{x : x<-1 \text{ or } x>4\}
(-\infty,-1)\cup(4,\infty) == (-\infty,-1), (4,\infty)
(-\infty,-1)\cup(4,\infty) == x<-1, \text{ or } x>4
(1,4) == x > 1 \text{ and } x < 4
x>0, y>0 == y>0, x>0
x>0, y>0 != x>0 \text{ or } x<0
[2,5] == [2;5]
[2,5) == [2;5[
(2,5) == ]2;5[
(2,5] == ]2,5]
[2,5] == \{x \mid 2 \le x \le 5\}
[2,5] == \{x : 2 \le x \le 5\}
[2,5] == \{x \in \mathbb{R} | 2 \le x \le 5\}
[2,5] == 2 \leqslant x \leqslant 5
[2,5] == 5 \ge x \ge 2
[2,5] != \{x \mid 2 < x \le 5\}
(2,\infty) == \{t \mid t > 2\}
(-\infty,2) == \{ y \in \mathbb{R} : y < 2 \}
(2,\infty) == 2 < x
\{1,2,3\} == \lbrace 1,2,3\rbrace
\{1,2,3\} == \{ 3,\ 2,\ 1 \}
\emptyset == \{ \}
\emptyset == \text{no solution}
\mathbb{R} == (-\infty,\infty)
\mathbb{R} == \text{all real numbers}
[0,1] != [0,1)
\mathbb{R}\setminus\{2\} == (-\infty,2)\cup(2,\infty)

# matrices
\begin{pmatrix}5&6\\7&8\end{pmatrix} == [[5,6],[7,8]]
\begin{pmatrix}5&6\\7&8\end{pmatrix} == \begin{bmatrix}5&6\\7&8\end{bmatrix}
\begin{pmatrix}5&6\\7&8\end{pmatrix} == \left[\begin{array}{cc}5&6\\7&8\end{array}\right]
\begin{pmatrix}5&6\\7&8\end{pmatrix} == \begin{pmatrix}5&6\cr 7&8\end{pmatrix}
\begin{pmatrix}5&6\\7&8\end{pmatrix} != [[5,6],[8,7]]
\begin{pmatrix}5\\6\end{pmatrix} == (5,6)^T
\begin{pmatrix}5\\6\end{pmatrix} == (5,6)
\begin{pmatrix}5\\6\end{pmatrix} == [5,6]^T
\begin{pmatrix}5\\6\end{pmatrix} == [5, 6]^{\top}
\begin{pmatrix}5\\6\end{pmatrix} == \langle 5,6\rangle
\begin{pmatrix}5\\6\end{pmatrix} != (6,5)
\begin{pmatrix}5\\6\\7\end{pmatrix} == (5,6,7)^{\mathsf{T}}
\begin{pmatrix}5\\6\\7\end{pmatrix} == \begin{bmatrix}5\\6\\7\end{bmatrix}
\begin{pmatrix}5\\6\\7\end{pmatrix} == [[5],[6],[7]]

# bases
312_4 == (312)_4
312_4 == 312_{(4)}
312_4 == 312_{\text{four}}
312_4 == 312 \text{ in base } 4
312_4 == 312 \text{ (base 4)}
312_4 == 312 \text{ base four}
312_4 == 312
312_4 != 312_5
312_4 != 313_4
\text{AB}_{16} == AB_{16}

# degrees
\frac{\sqrt{3}}{2} == \cos 30^\circ
\frac{\sqrt{3}}{2} == \cos(30^\circ)
\frac{\sqrt{3}}{2} == \sin 60°
1 == \tan 45^{\circ}
\sin 20^\circ == \cos 70^\circ
\sin 20^\circ != \cos 20^\circ
\cos 72^\circ == \frac{\sqrt5-1}{4}
2\sin 18^\circ == \frac{\sqrt{5}-1}{2}
135^\circ == 135
135^\circ == 135 \text{ degrees}
135^\circ == 135^o

# words
\infty == \text{Infinity}
-\infty == -\text{infinity}
\text{None} == none
\text{no} == No
\text{Tuesday} != \text{Thursday}
\text{June 5} == \text{June 5}

# anagrams
night != thing
dusty != study
god != dog
now != won
tea != eat
listen == Listen
abc == bca
xyz == zyx
xy == yx

# options
\text{(B)} == B) 7
\text{(B)} == \textbf{(B)}\ 7
\text{(B)} == \text{B. } 7
\text{(B)} == \text{Choice B}
\text{(B)} == (B)
\text{(B)} == B
B == \textbf{(B)} 7
\text{(B)} != (C) 7
\text{(B)} != 7
7 == \textbf{(B)}\ 7
7 == (B) 7
7 == \text{(B) } 7
7 == \text{(B) 7}
7 == \mathrm{(B)}\ 7
7 == B: 7
7 != \textbf{(B)}\ 8
-7 == \textbf{(B)}\ -7
\frac{7}{2} == \textbf{(B) }\frac72

# names of complex values
2-5i == z=2-5i
2-5i == w = 2-5i
z=2-5i == 2-5i
2+2i == 2\sqrt{2}\,\text{cis}\,45^\circ
2i == 2\operatorname{cis}\frac{\pi}{2}
2i == 2e^{i\pi/2}
3i, -3i == z = \pm 3i

# scientific notation
4\times 10^7 == 4 x 10^7
4\times 10^7 == 4e7
4\times 10^7 == 4 * 10^7
4\times 10^7 == 4\cdot10^{7}
4\times 10^7 == 40000000
4\times 10^{-7} == 4\times10^-7
4\times 10^{-7} == 4E-7
4\times 10^7 != 4\times 10^8

# exponents without braces
2^{-5} == 2^-5
x^{-2} == x^-2
2^{12} == 2^12
e^{-x} == e^-x
3^{n+1} == 3^(n+1)

# logarithms and functions
\log_3 5 == \frac{\log 5}{\log 3}
\log_3 5 == \ln 5/\ln 3
\log_3 5 != \log_5 3
3 == \log_2 4 \cdot \log_3 9 - 1
1 == \log_2 3 \cdot \log_3 2
\ln 2\ln 3 == \ln 3\ln 2
\log_{10} 7 == \lg 7
\ln 6 == \ln 2 + \ln 3
\ln 8 == 3\ln 2
2\ln 3 == \ln 9
\arctan 5 == \operatorname{arctan}(5)
\arctan 5 == \tan^{-1} 5
\arctan 5 == arctan(5)
e^3 == \exp(3)
e^3 == \operatorname{exp} 3
\operatorname{lcm}(4,6) == 12
\gcd(12,18) == 6
\sin x\cos x == \frac{1}{2}\sin 2x
\sin^2 x == 1-\cos^2 x

# binomials
\binom{7}{3} == C(7,3)
\binom{7}{3} == {7 \choose 3}
\binom{7}{3} == {}_7C_3
\binom{7}{3} == ^7C_3
\binom{7}{3} == 35
\binom{n}{3} == \frac{n(n-1)(n-2)}{6}
\binom{2n}{n} == \frac{(2n)!}{(n!)^2}

# constants of integration
\sin x + C == \sin x + c
\frac{x^2}{2}+C == \frac12 x^2 + K
\sin x + C != \cos x + C

# sums, products and limits
10 == \sum_{k=1}^{4} k
\sum_{k=1}^{4} k^3 == 100
5050 == \sum_{i=1}^{100} i
24 == \prod_{k=1}^{4} k
\frac{n(n+1)(2n+1)}{6} == \sum_{k=1}^n k^2
\sum_{j=1}^{n} j == \sum_{i=1}^{n} i
1 == \sum_{n=1}^{\infty} \frac{1}{2^n}
10 != \sum_{k=1}^{5} k

# residues
6 == 6 \pmod{11}
6 == 6 \mod 11
6 == 6 (mod 11)
6 == x \equiv 6 \pmod{11}
6 == x \equiv 6 \bmod 11
6 == 17 \bmod 11
n\equiv 6 \pmod{11} == 6
n\equiv 6 \pmod{11} == n \equiv 6 \pmod{11}
6 \pmod{11} != 6 \pmod{12}
6 \pmod{11} == 17 \pmod{11}
6 != 7 \pmod{11}

# qualifiers
g(x)=x^2 == g(x)=x^2 \text{ for all real } x
g(x)=x^2 == g(x) = x^2, \ x\in\mathbb{R}
g(x)=x^2 == g(x) = x^2 \quad \forall x \in \mathbb{R}
3m == 3m \text{ where } m \text{ is an integer}
3m == 3m, \text{ where } m \in \mathbb{N}
3m == 3m \ (m \in \mathbb{Z})
3m == 3m \quad (m \ge 0)
\frac{\pi}{4}+k\pi == \frac{\pi}{4}+k\pi, k\in\mathbb{Z}
\frac{\pi}{4}+k\pi == x = \frac{\pi}{4}+k\pi, \ k \in \mathbb Z
2^{n-1} == 2^{n-1}\text{ for }n\geq 1
\frac{1}{x} == \frac{1}{x}, x \neq 0
x^2 \text{ for } x>0, -x \text{ for } x<0 != x^2 \text{ for } x>0, x \text{ for } x<0

# odd roots
-4 == \sqrt[3]{-64}
-4 == (-64)^{1/3}
-2 == \sqrt[5]{-32}
-\sqrt[3]{5} == \sqrt[3]{-5}
4 == (-8)^{2/3}

# equalities that need evaluation
\sqrt{2}+\sqrt{3} == \sqrt{5+2\sqrt{6}}
\frac{1}{4} == \sin\frac{\pi}{10}\sin\frac{3\pi}{10}
\frac{\sqrt{7}}{8} == \sin\frac{\pi}{7}\sin\frac{2\pi}{7}\sin\frac{3\pi}{7}
\cos 3x == 4\cos^3 x-3\cos x
\cos 3x != 4\cos^3 x+3\cos x
1 == \sqrt[3]{2+\sqrt{5}}+\sqrt[3]{2-\sqrt{5}}
\frac{\sqrt{6}+\sqrt{2}}{4} == \cos\frac{\pi}{12}
\sqrt{x^2} == |x|
\sqrt{x^2} != x

# numbers inside of text
19 == \text{19}
19 == \text{19 cm}
0.25 == \text{1/4}
19 == \mathrm{19\ kg}
19\% == \text{19\%}
19 == \text{19 people}
19 == \text{about 19}
-3 == \text{-3}
"""  # noqa: RUF001 - answers contain these signs

LISTS = [line for line in KINDS.splitlines() if line and not line.startswith("#")]


@pytest.mark.parametrize("line", LISTS)
def test_each_kind_of_notation_gets_the_verdict_of_a_careful_mathematician(line):
    sign = " == " if " == " in line else " != "
    gold, _, answer = line.partition(sign)
    math = Math()
    extracted = math.extract(rf"So it is $\boxed{{{answer}}}$.")
    verdict = math.compare(Problem("p", "?", gold, None, {}), extracted)
    assert verdict.status == ("correct" if sign == " == " else "wrong"), extracted
