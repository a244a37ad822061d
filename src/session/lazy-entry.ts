// Imported only by `load-session.ts`, dynamically, so that it becomes a separate chunk.
export { createSessionCrypto } from '../engine/session-crypto.ts';
export { accountsHere } from './device/accounts-here.ts';
export { createAgentPlatform } from './agent/agent-platform.ts';
export { openAgent } from './agent/open-agent-session.ts';
export { completeSignUp } from './sign-up/complete-sign-up.ts';
export { openWithPasskey } from './open-with-passkey.ts';
export { signInWithPhrase } from './phrase/sign-in-with-phrase.ts';
export { signUpWithPhrase } from './phrase/sign-up-with-phrase.ts';
export { resume } from './resume.ts';
