const digits = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
/** What a digit counts in the four places of a whole number. */
const wholePlaces = [3, 2, 1, 0].map((place) => digits.length ** place);
const wholeCount = digits.length ** wholePlaces.length;

/** A random suffix keeps the keys of two devices distinct if both fill the same gap. */
const jitterLength = 3;

/**
 * A key that sorts between two others as plain text, so that moving an item writes only to that item. At the start,
 * `lo` is ''; at the end, `hi` is undefined.
 */
export function orderKeyBetween(lo: string, hi: string | undefined, random = Math.random): string {
  const jitter = () => Array.from({ length: jitterLength }, () => digitAt(random() * digits.length)).join('');
  const room = hi === undefined || hi > lo ? hi : undefined;

  // At the ends, keys count up or down by one, so that repeated additions keep them short.
  const next = room === undefined ? wholeOf(lo) + 1 : lo === '' ? wholeOf(room) - 1 : -1;
  if (next > 0 && next < wholeCount) return wholeText(next) + jitter();
  return middle(lo, room) + jitter();
}

/** Treats keys as base-62 fractions and stops at the first digit with room strictly between. */
function middle(lo: string, hi: string | undefined): string {
  let key = '';
  let limit = hi;
  for (let i = 0; ; i++) {
    const low = valueAt(lo, i) ?? 0;
    const high = limit === undefined ? digits.length : (valueAt(limit, i) ?? digits.length);
    if (high - low > 1) return key + digitAt((low + high) / 2);
    key += digitAt(low);
    if (high > low) limit = undefined;
  }
}

function wholeOf(key: string): number {
  if (key === '') return Math.floor(wholeCount / 2);
  return wholePlaces.reduce((whole, _, place) => whole * digits.length + (valueAt(key, place) ?? 0), 0);
}

function wholeText(whole: number): string {
  return wholePlaces.map((size) => digitAt((whole / size) % digits.length)).join('');
}

function digitAt(value: number): string {
  return digits.charAt(Math.floor(value));
}

/** Keys from other accounts may contain any character; a non-digit counts as the lowest digit. */
function valueAt(key: string, index: number): number | undefined {
  return index < key.length ? Math.max(0, digits.indexOf(key.charAt(index))) : undefined;
}
