import type { RawCoID } from 'cojson';
import { createKernelError } from '../../base/kernel-error.ts';
import { isCoValueID } from '../../wire/ids.ts';

/** Throws MESSAGE_INVALID; `consequence` completes the message, for example "nothing was loaded". */
export function checkCoValueID(id: string, consequence: string): asserts id is RawCoID {
  if (isCoValueID(id)) return;
  throw createKernelError(
    'MESSAGE_INVALID',
    `“${id.slice(0, 80)}” is not the ID of a CoValue, so ${consequence}. Check where the ID comes from.`,
  );
}
