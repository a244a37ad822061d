// What `session-part.ts` fetches: it is imported nowhere else, or it would be no part of its own.
export { createSessionCrypto } from './account/session-crypto.ts';
export { accountsHere } from './device/accounts-here.ts';
export { createAgentPlatform } from './agent/agent-platform.ts';
export { openAgent } from './agent/open-agent-session.ts';
export { completeSignUp } from './sign-up/complete-sign-up.ts';
export { openWithPasskey } from './open-with-passkey.ts';
export { signInWithPhrase } from './phrase/sign-in-with-phrase.ts';
export { signUpWithPhrase } from './phrase/sign-up-with-phrase.ts';
export { resume } from './resume.ts';
