import type { AppCalls } from '../../../src/app/app-calls.ts';
import { createReadable } from '../../../src/base/readable.ts';

const unsupported = () => Promise.reject(new Error('The session of this test has no such call.'));
const unwatched = () => {
  throw new Error('The session of this test has no such call.');
};

/** For sessions of tests in which nothing is loaded, watched or shared. */
export const noAppCalls: AppCalls = {
  load: unsupported,
  watch: unwatched,
  watchAll: unwatched,
  notCounted: unwatched,
  share: unsupported,
  acceptInvite: unsupported,
  profile: createReadable({}),
  rename: unsupported,
  members: unwatched,
  presence: unwatched,
  files: { write: unsupported, watch: unwatched, read: unsupported },
};
