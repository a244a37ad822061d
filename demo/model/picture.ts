import { isRawCoID, type RawCoMap } from '@MaiaOS/kernel/cojson';
import { pictureKey } from './list-keys.ts';

/** A reference to an item's picture. One value holds ID and size, so that concurrent changes never mix two pictures. */
export interface PictureRef {
  /** The ID of its binary stream. */
  readonly id: string;
  /** Known before the picture itself arrives. */
  readonly bytes: number;
}

/** Protects memory from pictures that other accounts write. The app's own pictures are far smaller. */
export const largestPictureBytes = 10_000_000;

/** Types that cannot run scripts, even when opened directly. */
export const pictureTypes: readonly string[] = ['image/webp', 'image/jpeg', 'image/png'];

/** Ignores invalid values, because another account may have written this field. */
export function readPicture(item: RawCoMap): PictureRef | undefined {
  const value = item.get(pictureKey);
  if (typeof value !== 'object' || value === null) return undefined;
  const { id, bytes } = value as Partial<Record<keyof PictureRef, unknown>>;
  if (typeof id !== 'string' || !isRawCoID(id)) return undefined;
  if (typeof bytes !== 'number' || !Number.isSafeInteger(bytes) || bytes <= 0) return undefined;
  return { id, bytes };
}

export function isSamePicture(a: PictureRef | undefined, b: PictureRef | undefined): boolean {
  return a?.id === b?.id && a?.bytes === b?.bytes;
}
