// Which part of which parameter an invocation of an optimiser's kernel updates.
const WG: u32 = 64u;

// Parameters lie one after the other in the grid, four elements to an invocation. Buffers are padded to 16 bytes, so tails are safe.
struct Place {
  slot: u32, // of the parameter; 4 beyond the last one
  i: u32, // vec4 of it
}
fn place(quads: vec4u, gid: vec3u, nwg: vec3u) -> Place {
  var at = Place(0u, gid.x + gid.y * nwg.x * WG);
  if (at.i >= quads.x) { at = Place(1u, at.i - quads.x); }
  if (at.slot == 1u && at.i >= quads.y) { at = Place(2u, at.i - quads.y); }
  if (at.slot == 2u && at.i >= quads.z) { at = Place(3u, at.i - quads.z); }
  if (at.slot == 3u && at.i >= quads.w) { at.slot = 4u; }
  return at;
}
