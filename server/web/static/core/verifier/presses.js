/** The place of a press: the alarm in which it counts, which may be another than the one that it was sealed in. As `evidence/bundle/opening/presses.py`. */

/** @typedef {{alarm: string, press: {boot: string | number, counter: number}, identity: string, moved_from?: string}} Pressed */

/**
 * @param {import("./journal.js").Event[]} events in the order of the journal
 * @returns {(sealed: any) => string} where a press, or a position, counts
 */
export function placesOf(events) {
  const said = events.map((one) => one.said);
  const folded = new Map(said.filter(({ type }) => type === "alarm.fold").map(({ body }) => [body.alarm, body.into]));
  const pressed = said.filter(({ type }) => type === "alarm.raise" || type === "alarm.repeat");
  const raised = new Map(pressed.flatMap(({ type, body }, at) => (type === "alarm.raise" ? [[body.alarm, at]] : [])));
  const left = new Set(pressed.flatMap(({ body }) => (body.moved_from ? [`${body.identity} ${isNow(body.moved_from, folded)}`] : [])));
  /** @type {Map<string, string>} */
  const places = new Map();
  /** @type {Map<string, string>} */
  const named = new Map();
  for (const { body } of /** @type {{body: Pressed}[]} */ (pressed)) {
    const name = isNow(body.alarm, folded);
    named.set(nameOf(body.alarm, body.press), body.identity);
    const before = body.moved_from && nameOf(body.moved_from, body.press);
    if (before && !named.has(before)) named.set(before, body.identity);
    const known = places.get(body.identity);
    const later = known === undefined || (raised.get(name) ?? -1) > (raised.get(known) ?? -1);
    if (!left.has(`${body.identity} ${name}`) && later) places.set(body.identity, name);
  }
  return (sealed) => places.get(named.get(nameOf(sealed.alarm, sealed)) ?? "") ?? isNow(sealed.alarm, folded);
}

/** @param {string} alarm @param {{boot: string | number, counter: number}} press */
const nameOf = (alarm, { boot, counter }) => `${alarm} ${boot} ${counter}`;

/** @param {string} name @param {Map<string, string>} folded @returns {string} the alarm that it is now */
function isNow(name, folded) {
  const passed = new Set([name]);
  for (let into = folded.get(name); into !== undefined && !passed.has(into); into = folded.get(into)) passed.add(into);
  return /** @type {string} */ ([...passed].pop());
}
