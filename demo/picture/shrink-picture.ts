/** Limits the input; photos from cameras are far smaller. */
export const largestFileBytes = 30_000_000;

/** Fills a screen, at about a tenth of a camera's file size. */
export const longestSidePx = 1600;

/** `unreadable`: an image by its type, but the browser cannot decode it. */
export type Refusal = 'too-large' | 'no-picture' | 'unreadable';

export type Shrunk =
  { readonly kind: 'picture'; readonly blob: Blob } | { readonly kind: 'refused'; readonly why: Refusal };

/**
 * Redraws a picture upright and at most screen-sized. Drops all metadata, including place, time and author.
 */
export async function shrinkPicture(file: Blob): Promise<Shrunk> {
  if (file.size > largestFileBytes) return { kind: 'refused', why: 'too-large' };
  if (file.type !== '' && !file.type.startsWith('image/')) return { kind: 'refused', why: 'no-picture' };
  let bitmap: ImageBitmap;
  try {
    bitmap = await createImageBitmap(file);
  } catch {
    return { kind: 'refused', why: file.type === '' ? 'no-picture' : 'unreadable' };
  }
  try {
    return { kind: 'picture', blob: await encode(draw(bitmap)) };
  } finally {
    bitmap.close();
  }
}

interface Drawing {
  readonly canvas: OffscreenCanvas;
  readonly context: OffscreenCanvasRenderingContext2D;
}

function draw(bitmap: ImageBitmap): Drawing {
  const scale = Math.min(1, longestSidePx / Math.max(bitmap.width, bitmap.height));
  const width = Math.max(1, Math.round(bitmap.width * scale));
  const height = Math.max(1, Math.round(bitmap.height * scale));
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext('2d');
  if (!context) throw new Error('This browser cannot process pictures right now.');
  context.imageSmoothingQuality = 'high';
  context.drawImage(bitmap, 0, 0, width, height);
  return { canvas, context };
}

async function encode({ canvas, context }: Drawing): Promise<Blob> {
  const webp = await canvas.convertToBlob({ type: 'image/webp', quality: 0.85 });
  // Safari cannot encode WebP and returns a PNG several times the size. JPEG has no transparency, so draw on white.
  if (webp.type === 'image/webp') return webp;
  context.globalCompositeOperation = 'destination-over';
  context.fillStyle = 'white';
  context.fillRect(0, 0, canvas.width, canvas.height);
  return canvas.convertToBlob({ type: 'image/jpeg', quality: 0.85 });
}
