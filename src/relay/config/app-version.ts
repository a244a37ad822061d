import { createKernelError } from '../../base/kernel-error.ts';

/** Dot-separated integers, then optionally a pre-release (`-beta.1`) and build metadata (`+build`), which is ignored. */
const form = /^(\d{1,9}(?:\.\d{1,9}){0,3})(?:-([0-9A-Za-z.-]{1,64}))?(?:\+[0-9A-Za-z.-]{1,64})?$/;

/** Throws RELAY_SETTING_INVALID, naming the setting as the user gave it. */
export function checkMinAppVersion(version: string, setting = "The relay's setting minAppVersion"): void {
  if (form.test(version)) return;
  throw createKernelError(
    'RELAY_SETTING_INVALID',
    `${setting} is ${JSON.stringify(version)}; expected a version such as 2.1.0.`,
  );
}

/** Whether an app is older than the required minimum. A missing or malformed version counts as outdated. */
export function isOutdated(version: string | undefined, minimum: string): boolean {
  const actual = form.exec(version ?? '');
  const required = form.exec(minimum);
  if (!actual || !required) return true;
  const order = orderNumbers(actual[1] ?? '', required[1] ?? '') || orderPreviews(actual[2], required[2]);
  return order < 0;
}

/** `2.1` equals `2.1.0`. */
function orderNumbers(a: string, b: string): number {
  const [left, right] = [a, b].map((text) => text.split('.').map(Number));
  for (let place = 0; place < 4; place++) {
    const order = (left?.[place] ?? 0) - (right?.[place] ?? 0);
    if (order !== 0) return order;
  }
  return 0;
}

/** Section 11 of semver.org: numbers before words, and fewer parts before more. */
function orderPreviews(a: string | undefined, b: string | undefined): number {
  if (a === undefined || b === undefined) return Number(b !== undefined) - Number(a !== undefined);
  const [left, right] = [a.split('.'), b.split('.')];
  for (const [place, part] of left.entries()) {
    const other = right[place];
    if (other === undefined) return 1;
    const order = orderParts(part, other);
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
