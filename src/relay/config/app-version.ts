import { createKernelError } from '../../base/kernel-error.ts';

/** Whole numbers with dots between; behind them perhaps `-beta.1`, which comes before the release, and `+build`, which counts for nothing. */
const form = /^(\d{1,9}(?:\.\d{1,9}){0,3})(?:-([0-9A-Za-z.-]{1,64}))?(?:\+[0-9A-Za-z.-]{1,64})?$/;

/** Throws RELAY_SETTING_INVALID, which names the setting as it was given. */
export function checkMinAppVersion(version: string, setting = "The relay's setting minAppVersion"): void {
  if (form.test(version)) return;
  throw createKernelError(
    'RELAY_SETTING_INVALID',
    `${setting} is ${JSON.stringify(version)}; it takes a version such as 2.1.0.`,
  );
}

/** Whether an app is older than a relay asks for. One that names no version that can be read cannot be shown to be new enough. */
export function isOutdated(version: string | undefined, minimum: string): boolean {
  const have = form.exec(version ?? '');
  const least = form.exec(minimum);
  if (!have || !least) return true;
  const order = orderNumbers(have[1] ?? '', least[1] ?? '') || orderPreviews(have[2], least[2]);
  return order < 0;
}

/** `2.1` is `2.1.0`. */
function orderNumbers(a: string, b: string): number {
  const [left, right] = [a, b].map((text) => text.split('.').map(Number));
  for (let place = 0; place < 4; place++) {
    const order = (left?.[place] ?? 0) - (right?.[place] ?? 0);
    if (order !== 0) return order;
  }
  return 0;
}

/** As semver.org orders them, 11: numbers before words, and fewer parts before more. */
function orderPreviews(a: string | undefined, b: string | undefined): number {
  if (a === undefined || b === undefined) return Number(b !== undefined) - Number(a !== undefined);
  const [left, right] = [a.split('.'), b.split('.')];
  for (const [place, mine] of left.entries()) {
    const other = right[place];
    if (other === undefined) return 1;
    const order = orderParts(mine, other);
    if (order !== 0) return order;
  }
  return left.length - right.length;
}

function orderParts(a: string, b: string): number {
  const [isNumber, isOtherNumber] = [a, b].map((part) => /^\d+$/.test(part));
  if (isNumber && isOtherNumber) return Number(a) - Number(b);
  if (isNumber !== isOtherNumber) return isNumber ? -1 : 1;
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
