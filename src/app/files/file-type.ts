const inertTypes: ReadonlySet<string> = new Set([
  ...['png', 'jpeg', 'gif', 'webp', 'avif', 'bmp', 'heic', 'heif', 'tiff'].map((name) => `image/${name}`),
  ...['pdf', 'zip', 'gzip', 'json'].map((name) => `application/${name}`),
  ...['text/plain', 'text/plain;charset=utf-8', 'text/csv'],
]);

/** A type with “xml” in its name may be an XML document. */
const sound = /^(?:audio|video)\/(?!.*xml)[\w.+-]+$/;

/**
 * The type that a file's writer states, if browsers run no scripts of such a file even when it is opened as a page, which has
 * the app's origin. Otherwise, `application/octet-stream`, which browsers save. SVG, HTML and XML can run scripts.
 */
export function inertType(type: string): string {
  const lowerCase = type.toLowerCase().replace(/;\s+/, ';');
  return inertTypes.has(lowerCase) || sound.test(lowerCase) ? lowerCase : 'application/octet-stream';
}
