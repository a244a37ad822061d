import type { RungTap } from '../../sync/inspection.ts';
import { shareTap } from '../share-tap.ts';

/** Lets several listeners hear how the edits of one sync get on. */
export const listenToRungs = shareTap<Parameters<RungTap>>((inspection, tap) =>
  inspection.setRungTap(tap && ((...step) => tap(step))),
);
