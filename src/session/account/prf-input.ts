import { utf8 } from './bytes.ts';

/** What a passkey's PRF is evaluated on: of version 1, and with it for ever. Apart, as a ceremony needs no more of that. */
export const prfInput = utf8('@MaiaOS/kernel/prf/v1');
