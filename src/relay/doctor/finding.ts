/** The result of one check. If `isWrong`, the text also says what to do. */
export interface Finding {
  readonly isWrong: boolean;
  readonly subject: 'port' | 'access' | 'sign-in' | 'admin' | 'directory' | 'state' | 'database' | 'clock';
  readonly text: string;
}

export const fine = (subject: Finding['subject'], text: string): Finding => ({
  isWrong: false,
  subject,
  text,
});
export const wrong = (subject: Finding['subject'], text: string): Finding => ({
  isWrong: true,
  subject,
  text,
});
