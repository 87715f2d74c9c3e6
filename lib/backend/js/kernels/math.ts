// Functions that Math lacks, accurate to about 1e-15: the float64 mode is the oracle of the native
// kernels and of the gradients.

/** Value at `x` of the polynomial with these coefficients, constant first. */
function polynomial(x: number, coefficients: readonly number[]): number {
  let y = 0;
  for (let i = coefficients.length - 1; i >= 0; i--) y = y * x + coefficients[i];
  return y;
}

// Rational approximations of FreeBSD's s_erf.c (Sun Microsystems, 1993; freely distributable).
const erx = 0.8450629115104675;
const erfNear = {
  p: [
    0.12837916709551256, -0.3250421072470015, -0.02848174957559851, -0.005770270296489442,
    -0.000023763016656650163,
  ],
  q: [
    1, 0.39791722395915535, 0.0650222499887673, 0.005081306281875766, 0.00013249473800432164,
    -0.000003960228278775368,
  ],
};
const erfMiddle = {
  p: [
    -0.0023621185607526594, 0.41485611868374833, -0.3722078760357013, 0.31834661990116175,
    -0.11089469428239668, 0.035478304325618236, -0.002166375594868791,
  ],
  q: [
    1, 0.10642088040084423, 0.540397917702171, 0.07182865441419627, 0.12617121980876164,
    0.01363708391202905, 0.011984499846799107,
  ],
};
const erfcFar = {
  p: [
    -0.009864944034847148, -0.6938585727071818, -10.558626225323291, -62.375332450326006,
    -162.39666946257347, -184.60509290671104, -81.2874355063066, -9.814329344169145,
  ],
  q: [
    1, 19.651271667439257, 137.65775414351904, 434.56587747522923, 645.3872717332679,
    429.00814002756783, 108.63500554177944, 6.570249770319282, -0.0604244152148581,
  ],
};
const erfcTail = {
  p: [
    -0.0098649429247001, -0.799283237680523, -17.757954917754752, -160.63638485582192,
    -637.5664433683896, -1025.0951316110772, -483.5191916086514,
  ],
  q: [
    1, 30.33806074348246, 325.7925129965739, 1536.729586084437, 3199.8582195085955,
    2553.0504064331644, 474.52854120695537, -22.44095244658582,
  ],
};

/** The error function, 2/√π ∫₀ˣ exp(−t²) dt. */
export function erf(x: number): number {
  const z = Math.abs(x);
  if (z < 0.84375) {
    const s = x * x;
    return x + x * (polynomial(s, erfNear.p) / polynomial(s, erfNear.q));
  }
  if (Number.isNaN(x)) return x;
  if (z < 1.25) {
    const s = z - 1;
    return Math.sign(x) * (erx + polynomial(s, erfMiddle.p) / polynomial(s, erfMiddle.q));
  }
  if (z >= 6) return Math.sign(x);
  const { p, q } = z < 1 / 0.35 ? erfcFar : erfcTail;
  const s = 1 / (z * z);
  const erfc = Math.exp(-z * z - 0.5625 + polynomial(s, p) / polynomial(s, q)) / z;
  return Math.sign(x) * (1 - erfc);
}

/** log(1 + exp(x)), without overflow. */
export const softplus = (x: number): number => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));

/** 1 / (1 + exp(−x)). */
export const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

/** Rounds to the nearest whole number, halves to the even one. */
export const roundHalfEven = (x: number): number =>
  Math.abs(x % 1) === 0.5 ? 2 * Math.round(x / 2) : Math.round(x);

/** C's pow: unlike `Math.pow`, 1 to any power and (−1)^±∞ are 1. */
export const power = (x: number, y: number): number =>
  x === 1 || (x === -1 && Math.abs(y) === Infinity) ? 1 : x ** y;

/** Remainder with the sign of the divisor. */
export function floorMod(x: number, y: number): number {
  const remainder = x % y;
  return remainder !== 0 && remainder < 0 !== y < 0 ? remainder + y : remainder;
}

// Wichura's algorithm AS 241 (Applied Statistics 37, 1988), PPND16; without its far tails.
const quantileCentre = {
  p: [
    3.3871328727963665, 133.14166789178438, 1971.5909503065513, 13731.69376550946,
    45921.95393154987, 67265.7709270087, 33430.57558358813, 2509.0809287301227,
  ],
  q: [
    1, 42.31333070160091, 687.1870074920579, 5394.196021424751, 21213.794301586597,
    39307.89580009271, 28729.085735721943, 5226.495278852854,
  ],
};
const quantileTail = {
  p: [
    1.4234371107496835, 4.630337846156546, 5.769497221460691, 3.6478483247632045,
    1.2704582524523684, 0.2417807251774506, 0.022723844989269184, 0.0007745450142783414,
  ],
  q: [
    1, 2.053191626637759, 1.6763848301838038, 0.6897673349851, 0.14810397642748008,
    0.015198666563616457, 0.0005475938084995345, 1.0507500716444169e-9,
  ],
};

/** The standard normal quantile √2·erfinv(2p − 1), for p within [1e-10, 1 − 1e-10]. */
export function normalQuantile(p: number): number {
  const centred = p - 0.5;
  if (Math.abs(centred) <= 0.425) {
    const s = 0.180625 - centred * centred;
    return (centred * polynomial(s, quantileCentre.p)) / polynomial(s, quantileCentre.q);
  }
  const s = Math.sqrt(-Math.log(Math.min(p, 1 - p))) - 1.6;
  return (Math.sign(centred) * polynomial(s, quantileTail.p)) / polynomial(s, quantileTail.q);
}
