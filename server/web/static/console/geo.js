/** Distance and direction between two places, for a sketch that needs no map. Pure functions. */

/** @typedef {{lat: string | number, lon: string | number}} Place degrees, WGS 84 */

/** Mean radius of the earth in metres (IUGG). */
const EARTH = 6_371_008.8;
const POINTS = ["N", "NE", "E", "SE", "S", "SW", "W", "NW"];
const rad = (/** @type {string | number} */ degrees) => (Number(degrees) * Math.PI) / 180;

/** @param {Place} from @param {Place} to @returns {number} metres along a great circle (haversine) */
export function distance(from, to) {
  const [a, b] = [rad(from.lat), rad(to.lat)];
  const half = Math.sin((b - a) / 2) ** 2 + Math.cos(a) * Math.cos(b) * Math.sin((rad(to.lon) - rad(from.lon)) / 2) ** 2;
  return 2 * EARTH * Math.asin(Math.min(1, Math.sqrt(half)));
}

/** @param {Place} from @param {Place} to @returns {number} degrees clockwise from north, 0 to 360 */
export function bearing(from, to) {
  const [a, b, turn] = [rad(from.lat), rad(to.lat), rad(to.lon) - rad(from.lon)];
  const degrees = Math.atan2(Math.sin(turn) * Math.cos(b), Math.cos(a) * Math.sin(b) - Math.sin(a) * Math.cos(b) * Math.cos(turn));
  return ((degrees * 180) / Math.PI + 360) % 360;
}

/** @param {number} degrees @returns {string} one of eight points of the compass */
export const compass = (degrees) => POINTS[Math.round(degrees / 45) % 8];

/** @param {number} metres @returns {string} rounded as far as a position from a button deserves */
export function metres(metres) {
  if (metres < 1000) return `${Math.round(metres / 10) * 10} m`;
  return `${(metres / 1000).toFixed(metres < 10_000 ? 1 : 0)} km`;
}
