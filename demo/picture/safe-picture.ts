/** Protects memory from pictures that other accounts write. The app's own pictures are far smaller. */
export const largestPictureBytes = 10_000_000;

/** Types that cannot run scripts, even when opened directly. */
const pictureTypes: readonly string[] = ['image/webp', 'image/jpeg', 'image/png'];

/** Whether a file is a picture of the size that its item states. */
export function isShowable(file: Blob, bytes: number): boolean {
  return file.size === bytes && pictureTypes.includes(file.type);
}
