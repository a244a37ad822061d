/** Keeps the last input referenced, or the browser may collect it before the user answers. */
let input: HTMLInputElement | undefined;

/**
 * Opens the file picker, which requires user activation. Resolves to no files if the user cancels; users can override
 * `accept`.
 */
export function pickFile(accept: string): Promise<readonly File[]> {
  // Use a new input each time, so that choosing the same file again fires `change`.
  const picker = (input = document.createElement('input'));
  picker.type = 'file';
  picker.accept = accept;
  return new Promise((resolve) => {
    picker.addEventListener('change', () => resolve([...(picker.files ?? [])]));
    picker.addEventListener('cancel', () => resolve([]));
    input?.click();
  });
}
