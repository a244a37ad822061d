import type { CoID, LocalNode, RawCoValue } from 'cojson';
import { checkCoValueID } from './check-covalue-id.ts';

/** Loads a CoValue as an app would; false if neither this device nor a relay has it. */
export async function loadCoValue(node: LocalNode, id: string): Promise<boolean> {
  checkCoValueID(id, 'nothing was loaded');
  return (await node.load(id as string as CoID<RawCoValue>)) !== 'unavailable';
}
