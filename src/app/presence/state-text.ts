import type { JsonValue } from 'cojson';
import { createKernelError } from '../../base/kernel-error.ts';

export const maxStateBytes = 2_000;

/** JSON of an array with the state, or of an empty one. Throws VALUE_TOO_LARGE. */
export function stateText(state: JsonValue | undefined): string {
  const text = JSON.stringify(state === undefined ? [] : [state]);
  // Without the brackets.
  const bytes = new TextEncoder().encode(text).length - 2;
  if (bytes <= maxStateBytes) return text;
  throw createKernelError(
    'VALUE_TOO_LARGE',
    `This state has ${bytes} bytes of JSON, and presence takes ${maxStateBytes}. Show less, such as IDs instead of content.`,
    { details: { bytes, limitBytes: maxStateBytes } },
  );
}
