import { relayNames } from '../relay-names.ts';
import type { RelayTargets } from '../relay-targets.ts';

/** A relay's ID is its name, by its first address. */
export function peerIDs(targets: RelayTargets): readonly string[] {
  return relayNames(targets.map(([first]) => first));
}
