type Json = string | number | boolean | null | Json[] | { [key: string]: Json };
type Random = () => number;

/** A message of the given kind with random fields. */
export function randomMessage(action: string, parts: readonly string[], random: Random): string {
  const message: { [key: string]: Json } = { action };
  for (const part of parts) if (random() < 0.8) message[part] = randomValue(random, 3);
  if (random() < 0.2) message[randomText(random)] = randomValue(random, 2);
  return JSON.stringify(message);
}

/** A copy of a message with one to three random changes. */
export function mutatedMessage(message: object, random: Random): string {
  const changed = JSON.parse(JSON.stringify(message)) as Json;
  for (let count = 1 + Math.floor(random() * 3); count > 0; count--) mutate(changed, random);
  const text = JSON.stringify(changed);
  // Occasionally, break the text itself.
  return random() < 0.1 ? text.slice(0, Math.floor(random() * text.length)) : text;
}

function mutate(value: Json, random: Random): void {
  if (typeof value !== 'object' || value === null) return;
  const entries = Object.entries(value);
  const [key, inner] = pick(entries, random) ?? ['0', null];
  const isDeeper = typeof inner === 'object' && inner !== null && Object.keys(inner).length > 0;
  if (isDeeper && random() < 0.75) return mutate(inner, random);
  const target = value as { [key: string]: Json };
  const what = random();
  if (what < 0.15) delete target[key];
  else if (what < 0.3) target[randomText(random)] = inner;
  else if (what < 0.6) target[key] = randomValue(random, 2);
  else target[key] = nearTo(inner, random);
}

/** A value of the same type that a careless check would accept. */
function nearTo(value: Json, random: Random): Json {
  if (typeof value === 'number') return pick([value + 1, value - 1, -value, 1e21, 0.5, 2 ** 53], random) ?? 0;
  if (typeof value === 'boolean') return !value;
  if (typeof value !== 'string' || value === '') return randomValue(random, 1);
  const at = Math.floor(random() * value.length);
  return (
    value.slice(0, at) +
    (pick(['A', 'z', '0', '', '\u0000', '𝄞', '_', '$'], random) ?? '') +
    value.slice(at + 1)
  );
}

function randomValue(random: Random, depth: number): Json {
  const kind = random();
  if (kind < 0.25) return randomText(random);
  if (kind < 0.5) return pick([0, 1, -1, 0.5, 1e308, 2 ** 53, 4_294_967_296], random) ?? 0;
  if (kind < 0.65) return pick([true, false, null], random) ?? null;
  const size = depth === 0 ? 0 : Math.floor(random() * 4);
  const values = Array.from({ length: size }, () => randomValue(random, depth - 1));
  if (kind < 0.8) return values;
  return Object.fromEntries(values.map((value) => [randomText(random), value]));
}

const texts = [
  '',
  'co_zA',
  '__proto__',
  'constructor',
  'co_zA_session_zB',
  'signature_z1',
  '[]',
  '{"a":1}',
  'known',
  '\n',
  '💥',
];

function randomText(random: Random): string {
  return random() < 0.7 ? (pick(texts, random) ?? '') : random().toString(36).slice(2);
}

function pick<T>(values: readonly T[], random: Random): T | undefined {
  return values[Math.floor(random() * values.length)];
}
