/** The last one: a browser forgets an input that nobody holds, and with it the answer. */
let input: HTMLInputElement | undefined;

/** Lets the person choose a file, of any kind where they insist. Answers none where they do not. Must follow from a press. */
export function pickFile(accept: string): Promise<readonly File[]> {
  // One of its own for each time, so that the same file can be chosen again.
  const picker = (input = document.createElement('input'));
  picker.type = 'file';
  picker.accept = accept;
  return new Promise((resolve) => {
    picker.addEventListener('change', () => resolve([...(picker.files ?? [])]));
    picker.addEventListener('cancel', () => resolve([]));
    input?.click();
  });
}
