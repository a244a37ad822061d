/** Realistic picture files for browser tests. */

export async function drawnFile(width: number, height: number, type: string, fill = 'red'): Promise<File> {
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext('2d');
  if (!context) throw new Error('No canvas to draw on.');
  context.fillStyle = fill;
  context.fillRect(0, 0, width / 2, height);
  return new File([await canvas.convertToBlob({ type })], 'porch', { type });
}

export const secretPlace = 'N 47.3769 E 8.5417';

/** A photo as a camera held sideways writes it: rotated by 90° through its Exif orientation, with a location. */
export async function photo(width: number, height: number): Promise<File> {
  const jpeg = new Uint8Array(await (await drawnFile(width, height, 'image/jpeg')).arrayBuffer());
  const place = new TextEncoder().encode(secretPlace);
  // A big-endian Exif block with one field: orientation 6.
  const fields = [0x4d, 0x4d, 0, 42, 0, 0, 0, 8, 0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, 6, 0, 0, 0, 0, 0, 0];
  const exif = [...new TextEncoder().encode('Exif\0\0'), ...fields, ...place];
  const segment = [0xff, 0xe1, (exif.length + 2) >> 8, (exif.length + 2) & 0xff, ...exif];
  const parts = [jpeg.slice(0, 2), Uint8Array.from(segment), jpeg.slice(2)];
  return new File(parts, 'IMG_2041.jpg', { type: 'image/jpeg' });
}
