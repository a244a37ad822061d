import type { RelayTargets } from '../relay-targets.ts';

/** A relay's ID is its host, or host and path if several relays share the host. */
export function peerIDs(targets: RelayTargets): readonly string[] {
  const urls = targets.map(([first]) => new URL(first));
  return urls.map(({ host, pathname }) => {
    const isOnlyOne = urls.filter((other) => other.host === host).length === 1;
    return isOnlyOne ? host : `${host}${pathname}`;
  });
}
