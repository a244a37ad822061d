export {
  getPasskeySupport,
  resumeSession,
  signInWithPasskey,
  signUpWithPasskey,
} from './session/with-passkey.ts';
export {
  checkPhraseWords,
  signInWithRecoveryPhrase,
  signUpWithRecoveryPhrase,
} from './session/with-phrase.ts';
export type { PhraseCheck } from './session/phrase/phrase-words.ts';
export { openAgentSession } from './session/agent/agent-session.ts';
export { useWasm } from './session/use-wasm.ts';
export { listAccounts } from './session/list-accounts.ts';
export type { KnownAccount } from './session/device/known-accounts.ts';
export type { PasskeyInfo, Passkeys, PasskeysState } from './session/passkeys/passkeys.ts';
export type { PasskeySupport } from './session/passkeys/passkey-support.ts';
export type { Presence, PresenceNow, Present } from './app/presence/presence-types.ts';
export type { Session } from './session/session.ts';
export { takeInvite } from './app/take-invite.ts';
export type { Profile, ShareOptions, Target } from './app/app-calls.ts';
export type {
  Invite,
  Joined,
  LinkRole,
  Member,
  MemberList,
  Members,
  OpenLink,
  Share,
} from './app/sharing/sharing-types.ts';
export type { Watched } from './app/watching/watched.ts';
export type { Files, FileRef, FileState, WriteFileOptions } from './app/files/files.ts';
export type {
  AgentSessionOptions,
  EraseAccountOptions,
  ErasedAtRelay,
  PreviewAtRelay,
  Remember,
  ResumeOptions,
  RevealPhraseOptions,
  SessionOptions,
  SignInOptions,
  SignOutOptions,
  SignUpOptions,
} from './session/session-options.ts';
export type {
  ErasureCertificate,
  ErasurePreview,
  KeptCoValue,
  SignedErasureCertificate,
} from './wire/erasure.ts';
import { activeSession } from './session/active-session.ts';
export { activeSession };

export { setupSyncPeers } from './sync/setup-sync-peers.ts';
export { resolveSyncUrl } from './sync/connection/sync-url.ts';
export type {
  RelayTarget,
  SetupSyncPeersOptions,
  SyncOptions,
  SyncPeers,
  SyncTarget,
  WaitOptions,
} from './sync/sync-peers.ts';
export type { RelayAuth } from './sync/auth/relay-auth.ts';
export type { ChangeOrigin, SyncEvents } from './sync/sync-events.ts';
export type { CoValueSync, Durability, Rung, Step, SyncState } from './sync/sync-state.ts';
export type { PeerPhase, PeerStatus } from './sync/peer-status.ts';
import { createSubscribeSyncState } from './sync/subscribe-sync-state.ts';
/** Calls the listener with the sync state of the active session, at once and after each change, also across sessions. */
export const subscribeSyncState = /* @__PURE__ */ createSubscribeSyncState(activeSession);

export { httpTransport, webSocketTransport } from './transport/ordinary-transports.ts';
export type { Channel, ChannelEvents, Transport } from './transport/transport.ts';

export { createKernelError, isKernelError } from './base/kernel-error.ts';
export type { KernelError, KernelErrorCode, KernelErrorDetails, LoadDelay } from './base/kernel-error.ts';
export type { NotCountedEdit, RecoverableEdit } from './engine/edit-verdicts.ts';
export type { NotCountedReason } from './base/not-counted-reason.ts';
export type { Role } from './base/role.ts';
export type { Logger } from './base/logger.ts';
export type { Readable } from './base/readable.ts';
export type { DeviceStorage, StorageStatus } from './storage/device-storage.ts';
