import type { Platform } from '../../platform/platform.ts';

/** In [0, 1). */
export function randomFraction({ random }: Pick<Platform, 'random'>): number {
  return new DataView(random(4).buffer).getUint32(0) / 2 ** 32;
}
