// Imported only by `with-phrase.ts`, dynamically, so that it becomes a separate chunk. It imports `lazy-entry`, so that what both
// need stays in that chunk.
import '../lazy-entry.ts';
export { signInWithPhrase } from './sign-in-with-phrase.ts';
export { signUpWithPhrase } from './sign-up-with-phrase.ts';
