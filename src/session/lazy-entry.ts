// Imported dynamically by `load-session.ts`, so that it becomes a separate chunk. See `phrase-entry.ts`, too.
export { createSessionCrypto } from '../engine/session-crypto.ts';
export { accountsHere } from './device/accounts-here.ts';
export { completeSignUp } from './sign-up/complete-sign-up.ts';
export { openWithPasskey } from './open-with-passkey.ts';
export { resumeOnce } from './resume-once.ts';
