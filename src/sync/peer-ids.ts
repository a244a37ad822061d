import type { RelayTargets } from './relay-targets.ts';

/** How a relay is called: by its host, and where that has several, by its path too. */
export function peerIDs(targets: RelayTargets): readonly string[] {
  const urls = targets.map(([first]) => new URL(first));
  return urls.map(({ host, pathname }) => {
    const isOnlyOne = urls.filter((other) => other.host === host).length === 1;
    return isOnlyOne ? host : `${host}${pathname}`;
  });
}
