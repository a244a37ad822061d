/** cojson's namespace `CojsonInternalTypes` as a module: bundling the namespace's types makes its aliases circular. */
export type { RawCoID, TransactionID } from 'cojson/dist/ids.js';
export type { CoJsonValue, JsonObject } from 'cojson/dist/jsonValue.js';
export type { CoValueKnownState } from 'cojson/dist/knownState.js';
export type { ProfileShape } from 'cojson/dist/coValues/account.js';
export type { CoValueHeader, Transaction } from 'cojson/dist/coValueCore/verifiedState.js';
export type {
  Encrypted,
  KeySecret,
  SealedForGroup,
  SealerID,
  SealerSecret,
  Signature,
  SignerID,
  SignerSecret,
} from 'cojson/dist/crypto/crypto.js';
export type {
  DoneMessage,
  IncomingPeerChannel,
  KnownStateMessage,
  LoadMessage,
  NewContentMessage,
  OutgoingPeerChannel,
  SessionNewContent,
} from 'cojson/dist/sync.js';
