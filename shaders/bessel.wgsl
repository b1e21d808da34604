// Modified Bessel functions of the first kind, of orders 0 and 1: up to 8 a polynomial, above it √x · e⁻ˣ · I(x) as one in 1 / x.

fn i0_small(a: f32) -> f32 {
  let z = 0.25 * a * a;
  let p = fma(fma(fma(fma(fma(1.4225348e-13, z, 5.2201975e-12), z, 6.5991823e-10), z, 3.8865132e-8), z, 1.9324921e-6), z, 6.942961e-5);
  return fma(fma(fma(fma(fma(p, z, 0.0017361486), z, 0.027777726), z, 0.25000003), z, 1.0), z, 1.0);
}

fn i0_large(a: f32) -> f32 {
  let u = 1.0 / a;
  let p = fma(fma(fma(fma(1.827712, u, -0.3056434), u, 0.08512786), u, 0.027250774), u, 0.02809482);
  return fma(fma(p, u, 0.049867418), u, 0.3989423) * rsqrt_f(a);
}

fn i1_small(a: f32) -> f32 {
  let z = 0.25 * a * a;
  let p = fma(fma(fma(fma(fma(1.251431e-14, z, 5.519938e-13), z, 7.242147e-11), z, 4.8729882e-9), z, 2.7592503e-7), z, 1.1572467e-5);
  return 0.5 * a * fma(fma(fma(fma(fma(p, z, 0.00034722665), z, 0.0069444375), z, 0.083333336), z, 0.5), z, 1.0);
}

fn i1_large(a: f32) -> f32 {
  let u = 1.0 / a;
  let p = fma(fma(fma(fma(-2.0761232, u, 0.3376343), u, -0.103405684), u, -0.038659103), u, -0.046801835);
  return fma(fma(p, u, -0.14960293), u, 0.3989423) * rsqrt_f(a);
}

// The function from its two forms, and the same times e⁻ᵃ.
fn bessel(a: f32, small: f32, large: f32) -> f32 { return select(scale2(large * exp_core(min(a, 120.0), 0.0, -8), 8), small, a < 8.0); }
fn bessel_scaled(a: f32, small: f32, large: f32) -> f32 { return select(large, small * exp_core(-min(a, 8.0), 0.0, 0), a < 8.0); }

fn i0_f(x: f32) -> f32 {
  let a = magnitude(x);
  return keep_nan(select(bessel(a, i0_small(a), i0_large(a)), inf_f32(), is_inf(x)), x);
}

fn i0e_f(x: f32) -> f32 {
  let a = magnitude(x);
  return keep_nan(select(bessel_scaled(a, i0_small(a), i0_large(a)), 0.0, is_inf(x)), x);
}

fn i1_f(x: f32) -> f32 {
  let a = magnitude(x);
  return keep_nan(with_sign(select(bessel(a, i1_small(a), i1_large(a)), inf_f32(), is_inf(x)), x), x);
}

fn i1e_f(x: f32) -> f32 {
  let a = magnitude(x);
  return keep_nan(with_sign(select(bessel_scaled(a, i1_small(a), i1_large(a)), 0.0, is_inf(x)), x), x);
}
