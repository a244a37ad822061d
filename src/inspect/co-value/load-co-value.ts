import type { CoID, LocalNode, RawCoValue } from 'cojson';
import { createKernelError } from '../../base/kernel-error.ts';
import { isCoValueID } from '../../wire/ids.ts';

/** As an app loads it; false where neither this device nor a relay has it. */
export async function loadCoValue(node: LocalNode, id: string): Promise<boolean> {
  if (!isCoValueID(id)) {
    throw createKernelError(
      'MESSAGE_INVALID',
      `“${id.slice(0, 80)}” is not the ID of a CoValue, so nothing was loaded. Check where it comes from.`,
    );
  }
  return (await node.load(id as CoID<RawCoValue>)) !== 'unavailable';
}
