import { createLazyModule } from '../../base/lazy-module.ts';

/** The recovery phrase's word list is long, so it loads on demand. */
export const phraseModule = /* @__PURE__ */ createLazyModule(() => import('./recovery-phrase.ts'));
