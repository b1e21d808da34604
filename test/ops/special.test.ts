// The double precision twins against numbers computed to 50 digits (mpmath), and against PyTorch's definitions at special values.
import { describe, expect, test } from "vitest";
import * as m from "../../src/kernels/math.ts";

const TABLE: Readonly<Record<string, readonly (readonly [number, number])[]>> = {
  erf: [
    [1e-9, 1.1283791670955127e-9],
    [0.01, 0.011283415555849618],
    [-0.3, -0.3286267594591274],
    [0.5, 0.5204998778130465],
    [0.87, 0.7814398454905507],
    [0.88, 0.7866873191739325],
    [-1, -0.8427007929497149],
    [1.7, 0.9837904585907745],
    [3, 0.9999779095030014],
    [5.5, 0.9999999999999927],
  ],
  erfc: [
    [-3, 1.9999779095030015],
    [-0.5, 1.5204998778130465],
    [0.01, 0.9887165844441503],
    [0.3, 0.6713732405408726],
    [0.43, 0.5431133054504597],
    [0.44, 0.5337748847220425],
    [0.9, 0.20309178757716786],
    [1.5, 0.033894853524689274],
    [2.5, 0.0004069520174449589],
    [4, 1.541725790028002e-8],
    [7, 4.183825607779414e-23],
    [12.25, 3.09412674054021e-67],
    [20, 5.395865611607901e-176],
    [26.5, 2.2109076642637343e-307],
  ],
  erfinv: [
    [1e-12, 8.86226925452758e-13],
    [1e-7, 8.862269254527602e-8],
    [0.001, 0.0008862271574665521],
    [0.1, 0.08885599049425769],
    [-0.3, -0.2724627147267543],
    [0.5, 0.4769362762044699],
    [0.75, 0.8134198475976185],
    [0.9, 1.1630871536766743],
    [-0.99, -1.8213863677184494],
    [0.9999, 2.75106390571208],
    [0.99999999, 4.052237243268763],
    [0.9999999999999999, 5.8635847487551676],
  ],
  normalCdf: [
    [-37, 5.725571222524577e-300],
    [-20, 2.7536241186062337e-89],
    [-9.3, 7.022284240441625e-21],
    [-4, 3.1671241833119924e-5],
    [-1, 0.15865525393145705],
    [-0.1, 0.460172162722971],
    [0.2, 0.579259709439103],
    [1, 0.8413447460685429],
    [3, 0.9986501019683699],
    [8, 0.9999999999999993],
  ],
  gelu: [
    [-30, -1.472014178144456e-196],
    [-12, -2.1317785344932147e-32],
    [-5, -1.4332578593959695e-6],
    [-2, -0.04550026389635842],
    [-0.5, -0.15426876936299344],
    [1e-5, 5.0000398942280396e-6],
    [0.3, 0.1853734266566858],
    [1, 0.8413447460685429],
    [4, 3.9998733150326675],
  ],
  geluTanh: [
    [-3, -0.003637392081773019],
    [-1, -0.1588080093917233],
    [-0.2, -0.08414857021789372],
    [0.5, 0.34571400982514394],
    [2, 1.954597694087775],
  ],
  sigmoid: [
    [-700, 9.85967654375977e-305],
    [-40, 4.248354255291589e-18],
    [-2, 0.11920292202211756],
    [-0.1, 0.47502081252106],
    [0.1, 0.52497918747894],
    [3, 0.9525741268224333],
    [40, 1],
  ],
  silu: [
    [-700, -6.90177358063184e-302],
    [-10, -0.00045397868702434395],
    [-1, -0.2689414213699951],
    [0.5, 0.3112296656009273],
    [9, 8.998889448816124],
  ],
  logsigmoid: [
    [-50, -50],
    [-3, -3.048587351573742],
    [-0.2, -0.7981388693815918],
    [0.5, -0.4740769841801067],
    [4, -0.01814992791780974],
    [60, -8.75651076269652e-27],
  ],
  softplus: [
    [-600, 2.6503965530043108e-261],
    [-30, 9.357622968839737e-14],
    [-2, 0.1269280110429725],
    [-0.1, 0.6443966600735709],
    [0.7, 1.103186048885458],
    [5, 5.006715348489118],
    [19.5, 19.500000003398267],
  ],
  elu: [
    [-30, -0.9999999999999064],
    [-1, -0.6321205588285577],
    [-1e-7, -9.999999500000016e-8],
  ],
  rsqrt: [
    [1e-300, 1e150],
    [0.3, 1.8257418583505538],
    [7, 0.37796447300922725],
  ],
};
const functions = m as unknown as Record<string, (...args: readonly number[]) => number>;
const inf = Infinity;

describe("relative error at most 1e-15", () => {
  test.each(Object.entries(TABLE))("%s", (name, pairs) => {
    const wrong = pairs.filter(([x, want]) => !(Math.abs(functions[name]!(x) - want) <= 1e-15 * Math.abs(want)));
    expect(wrong.map(([x, want]) => `${name}(${x}) = ${functions[name]!(x)}, not ${want}`)).toEqual([]);
  });

  test("softplus with a slope, logaddexp", () => {
    expect(m.softplus(0.5, 3)).toBeCloseTo(Math.log1p(Math.exp(1.5)) / 3, 15);
    expect(m.softplus(7, 3)).toBe(7);
    expect(m.softplus(7, 3, 30)).toBeCloseTo(Math.log1p(Math.exp(21)) / 3, 14);
    expect(m.logaddexp(1000, 1000)).toBeCloseTo(1000 + Math.LN2, 12);
    expect(m.logaddexp(-1000, 0)).toBe(0);
  });
});

// Columns as PyTorch 1.13 printed them.
const POW: readonly (readonly [number, number, number])[] = [
  [0, -1, inf],
  [-0, -1, -inf],
  [0, 2, 0],
  [-0, 3, -0],
  [-0, -3, -inf],
  [-2, 2, 4],
  [-2, 3, -8],
  [-2, 0.5, NaN],
  [1, NaN, 1],
  [NaN, 0, 1],
  [inf, 0, 1],
  [-inf, 0.5, inf],
  [-inf, -1, -0],
  [-inf, -2, 0],
  [-inf, 3, -inf],
  [-inf, 2, inf],
  [0.5, inf, 0],
  [2, inf, inf],
  [-1, inf, 1],
  [-1, -inf, 1],
  [-inf, inf, inf],
  [2, -inf, 0],
  [0.5, -inf, inf],
  [-0.5, inf, 0],
  [-2, inf, inf],
  [0, NaN, NaN],
  [NaN, 1, NaN],
];
const REMAINDERS: readonly (readonly [x: number, y: number, remainder: number, fmod: number, floorDivide: number])[] = [
  [-1, inf, inf, -1, -1],
  [1, -inf, -inf, 1, -1],
  [-1, -inf, -1, -1, 0],
  [inf, 1, NaN, NaN, NaN],
  [1, 0, NaN, NaN, inf],
  [NaN, 1, NaN, NaN, NaN],
  [-1, 0, NaN, NaN, -inf],
  [0, 0, NaN, NaN, NaN],
  [-7, 2, 1, -1, -4],
  [7, -2, -1, 1, -4],
  [-7, -2, -1, -1, 3],
  [5.5, 2, 1.5, 1.5, 2],
];

describe("as PyTorch defines", () => {
  test.each(POW)("pow(%s, %s) = %s", (x, y, want) => expect(m.pow(x, y)).toBe(want));

  test.each(REMAINDERS)("remainder, fmod and floor_divide of %s and %s", (x, y, remainder, fmod, quotient) => {
    expect([m.remainder(x, y), m.fmod(x, y), m.floorDivide(x, y) + 0]).toEqual([remainder, fmod, quotient]);
  });

  test("integers", () => {
    const powers = [
      [2, -1],
      [0, -1],
      [1, -5],
      [-1, -3],
      [-1, -4],
      [3, 25],
      [-3, 3],
      [2, 32],
    ] as const;
    expect(powers.map(([x, y]) => m.powInt(x, y))).toEqual([0, 0, 1, -1, 1, 1180052131, -27, 0]);
    expect([m.floorDivideInt(-7, 2), m.floorDivideInt(7, -2), m.floorDivideInt(-7, -2), m.floorDivideInt(5, 0)]).toEqual([-4, -4, 3, 5]);
    expect([m.remainder(-7, 2), m.remainder(7, -2), m.fmod(-7, 2), m.remainder(5, 0) | 0, m.fmod(5, 0) | 0]).toEqual([1, -1, -1, 0, 0]);
    expect([1.9, -1.9, 2147483648, -2147483649, 1e20, NaN, inf].map(m.toInt32)).toEqual([1, -1, ...Array<number>(5).fill(-2147483648)]);
  });

  test("values at NaN and ±Infinity", () => {
    const at = (f: (x: number) => number): number[] => [f(NaN), f(inf), f(-inf)];
    expect(at(m.sign)).toEqual([0, 1, -1]);
    expect(at(m.signNan)).toEqual([NaN, 1, -1]);
    expect(at(m.silu)).toEqual([NaN, inf, NaN]);
    expect(at(m.gelu)).toEqual([NaN, inf, NaN]);
    expect(at(m.geluTanh)).toEqual([NaN, inf, NaN]);
    expect(at((x) => m.elu(x, 2))).toEqual([NaN, inf, -2]);
    expect(at((x) => m.softplus(x))).toEqual([NaN, inf, 0]);
    expect(at(m.logsigmoid).map((x) => x + 0)).toEqual([NaN, 0, -inf]);
    expect(at(m.relu)).toEqual([NaN, inf, 0]);
    expect(at(m.sigmoid)).toEqual([NaN, 1, 0]);
    expect(at(m.erf)).toEqual([NaN, 1, -1]);
    expect(at(m.erfc)).toEqual([NaN, 0, 2]);
    expect(at(m.normalCdf)).toEqual([NaN, 1, 0]);
    expect([1, -1, 1.5, NaN, 0].map(m.erfinv)).toEqual([inf, -inf, NaN, NaN, 0]);
    expect(at(m.roundEven)).toEqual([NaN, inf, -inf]);
    expect([m.maxNan(NaN, 1), m.maxNan(1, NaN), m.minNan(NaN, 1), m.minNan(1, NaN), m.maxNan(1, 2), m.minNan(1, 2)]).toEqual([
      NaN,
      NaN,
      NaN,
      NaN,
      2,
      1,
    ]);
    expect([NaN, 0, -inf, inf, -0].map((x) => m.heaviside(x, 0.5))).toEqual([0, 0.5, 0, 1, 0.5]);
    expect(m.logaddexp(inf, inf)).toBe(inf);
    expect(m.logaddexp(-inf, -inf)).toBe(-inf);
    expect(m.logaddexp(NaN, 0)).toBeNaN();
  });

  test("halves go to the even number", () => {
    expect([0.5, 1.5, 2.5, -0.5, -1.5, -2.5, 2.4, 2.6, -2.6, 4503599627370497].map((x) => m.roundEven(x) + 0)).toEqual([
      0, 2, 2, 0, -2, -2, 2, 3, -3, 4503599627370497,
    ]);
  });

  test("lerp is exact at both ends", () => {
    expect([m.lerp(0.1, 0.7, 0), m.lerp(0.1, 0.7, 1), m.lerp(1, 3, 0.25), m.lerp(1, 3, 0.75)]).toEqual([0.1, 0.7, 1.5, 2.5]);
  });
});
