import { CoValueCore } from 'cojson';

let isPatched = false;

/**
 * Answers at once that there is nothing new. cojson 0.20 copies all sessions first, and a relay asks it for all groups above a
 * CoValue whenever it passes on an edit: there can be thousands. Process-wide and idempotent.
 */
export function patchKnownContent(): void {
  if (isPatched) return;
  isPatched = true;
  const { prototype } = CoValueCore;
  const { newContentSince } = prototype;
  prototype.newContentSince = function (known) {
    return known?.header && hasAll(this, known.sessions) ? undefined : newContentSince.call(this, known);
  };
}

function hasAll({ verified }: CoValueCore, known: Readonly<Record<string, number>>): boolean {
  if (!verified) return false;
  const { sessions } = verified.knownState();
  for (const sessionID in sessions)
    if ((sessions[sessionID as keyof typeof sessions] ?? 0) > (known[sessionID] ?? 0)) return false;
  return true;
}
