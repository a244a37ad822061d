import { afterEach, describe, expect, it, vi } from 'vitest';
import { largestFileBytes, shrinkPicture, type Shrunk } from './shrink-picture.ts';
import { drawnFile, photo, secretPlace } from './test-files.ts';

afterEach(() => vi.restoreAllMocks());

async function read(shrunk: Shrunk) {
  if (shrunk.kind === 'refused') throw new Error(shrunk.why);
  const bitmap = await createImageBitmap(shrunk.blob);
  const { width, height } = bitmap;
  const context = new OffscreenCanvas(width, height).getContext('2d');
  context?.drawImage(bitmap, 0, 0);
  const pixel = (x: number, y: number) => [...(context?.getImageData(x, y, 1, 1).data ?? [])];
  return { type: shrunk.blob.type, size: [width, height], pixel, text: await shrunk.blob.text() };
}

describe('a picture', () => {
  it.each([
    [3200, 800, [1600, 400]],
    [300, 2400, [200, 1600]],
    [1600, 1200, [1600, 1200]],
    [40, 30, [40, 30]],
    [3200, 1, [1600, 1]],
  ])('of %i by %i becomes %j', async (width, height, size) => {
    expect((await read(await shrinkPicture(await drawnFile(width, height, 'image/png')))).size).toEqual(size);
  });

  it('is rotated upright and loses its location', async () => {
    const file = await photo(400, 300);
    expect(await file.text()).toContain(secretPlace);
    const { size, text, pixel } = await read(await shrinkPicture(file));
    expect(size).toEqual([300, 400]);
    const [red, green] = pixel(150, 50); // Rotation moves the red left half to the top.
    expect(red).toBeGreaterThan(230);
    expect(green).toBeLessThan(30);
    expect(text).not.toContain(secretPlace);
    expect(text).not.toContain('Exif');
  });

  it('keeps transparency', async () => {
    const { type, pixel } = await read(await shrinkPicture(await drawnFile(100, 100, 'image/png')));
    expect(type).toBe('image/webp');
    expect(pixel(75, 50)[3]).toBe(0);
  });

  it('becomes a JPEG on white if the browser cannot encode WebP', async () => {
    const convert = OffscreenCanvas.prototype.convertToBlob;
    vi.spyOn(OffscreenCanvas.prototype, 'convertToBlob').mockImplementation(function (
      this: OffscreenCanvas,
      options,
    ) {
      return convert.call(this, options?.type === 'image/webp' ? { type: 'image/png' } : options);
    });
    const { type, pixel } = await read(await shrinkPicture(await drawnFile(100, 100, 'image/png')));
    expect(type).toBe('image/jpeg');
    expect(Math.min(...pixel(75, 50))).toBeGreaterThan(250);
  });

  it('is accepted without a type', async () => {
    const png = await drawnFile(10, 10, 'image/png');
    expect((await shrinkPicture(new File([png], 'porch'))).kind).toBe('picture');
  });
});

describe('refused files', () => {
  it.each([
    ['too-large', 'image/png', new Uint8Array(largestFileBytes + 1)],
    ['no-picture', 'text/plain', 'Milk'],
    ['no-picture', '', 'Milk'],
    ['unreadable', 'image/png', 'Milk'],
    ['unreadable', 'image/heic', ''],
  ])('%s: of type “%s”', async (why, type, content) => {
    expect(await shrinkPicture(new File([content], 'a', { type }))).toEqual({ kind: 'refused', why });
  });
});
