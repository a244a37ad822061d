import { isRawCoID, type RawCoMap } from '@MaiaOS/kernel/cojson';
import { pictureKey } from './list-keys.ts';

/** Where an item's picture stands. One value with its size, so that of two devices' pictures one wins as a whole. */
export interface PictureRef {
  /** Of its binary stream. */
  readonly id: string;
  /** Known before any of it has arrived. */
  readonly bytes: number;
}

/** What the app makes of a picture is far smaller. Another account may write what it wants, and it stands in memory. */
export const largestPictureBytes = 10_000_000;

/** What an `img` shows without running anything, also where it is opened by itself. */
export const pictureTypes: readonly string[] = ['image/webp', 'image/jpeg', 'image/png'];

/** Another account wrote this field. What is no reference to a picture is none. */
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
