export function admitContent() {
  return { mayName: () => true, ended() {} };
}
