import type { CryptoProvider } from 'cojson';
import { WasmCrypto } from 'cojson/crypto/WasmCrypto';
import { notLoaded } from '../base/lazy-module.ts';
import { patchCojson } from './fixes/patch-cojson.ts';
import { createAnnouncedSessions, type AnnouncedSessions } from './session-maps/announced-sessions.ts';
import { createEditTimes, type EditTimes } from './session-maps/edit-times.ts';
import { repairHashes } from './session-maps/hash-repair.ts';
import { bindToPlace } from './session-maps/place-binding.ts';
import { createRemovalHeads, type RemovalHeads } from './session-maps/removal-heads.ts';
import { limitSize } from './session-maps/size-limit.ts';
import { layerSessionMaps } from './session-maps/session-maps.ts';
import { createWriteGate, type WriteGate } from './session-maps/write-gate.ts';
import { createWriteRights, type WriteRights } from './session-maps/write-rights.ts';

export { dateOfRewrite } from './session-maps/counting-dates.ts';

export type { WriteGate };

/** cojson's cryptography, with a kernel session's layers on its session maps. */
export interface SessionCrypto extends CryptoProvider {
  readonly bindsToPlace: true;
  readonly edits: WriteGate;
  readonly editTimes: EditTimes;
  readonly announcedSessions: AnnouncedSessions;
  readonly removalHeads: RemovalHeads;
  readonly writeRights: WriteRights;
}

/** One for each session: cojson caches agent IDs in it by agent secret. Rejects with KERNEL_NOT_LOADED. */
export async function createSessionCrypto(): Promise<SessionCrypto> {
  patchCojson();
  const crypto = await WasmCrypto.create().catch((cause: unknown) => {
    throw notLoaded(cause);
  });
  const edits = createWriteGate();
  const editTimes = createEditTimes();
  const announcedSessions = createAnnouncedSessions();
  const removalHeads = createRemovalHeads();
  const writeRights = createWriteRights();
  layerSessionMaps(crypto, {
    'announced-sessions': announcedSessions.layer,
    'edit-times': editTimes.layer,
    'write-gate': edits.layer,
    'write-rights': writeRights.layer,
    'removal-heads': removalHeads.layer,
    'size-limit': limitSize,
    'place-binding': bindToPlace,
    'hash-repair': repairHashes(crypto),
  });
  const bindsToPlace = true as const;
  return Object.assign(crypto, {
    bindsToPlace,
    edits,
    editTimes,
    announcedSessions,
    removalHeads,
    writeRights,
  });
}
