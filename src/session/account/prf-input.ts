import { utf8 } from './bytes.ts';

/** Part of version 1, so it never changes. Kept in its own file because a ceremony needs no other constant. */
export const prfInput = utf8('@MaiaOS/kernel/prf/v1');
