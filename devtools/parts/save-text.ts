/** Downloads a text as a file. */
export function saveText(
  text: string | readonly (string | Blob)[],
  name: string,
  type = 'application/x-ndjson',
): void {
  const url = URL.createObjectURL(new Blob(typeof text === 'string' ? [text] : [...text], { type }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  // Give the browser time to read the blob.
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
