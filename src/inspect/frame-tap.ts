import type { ChannelMoment } from '../sync/inspection.ts';
import { shareTap } from './share-tap.ts';

/** Lets several listeners hear the frames of one sync. */
export const listenToFrames = shareTap<ChannelMoment>((inspection, tap) => inspection.setFrameTap(tap));
