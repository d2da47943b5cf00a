/**
 * How well the language of a text answers the one asked for. Case does not count, and `_` is `-`.
 *
 * @returns 2 for the same language, 1 for a variety of it (`en-US` where `en` is asked for), 0 for another one
 */
export function matchLanguage(wanted: string, found: string): 0 | 1 | 2 {
  if (wanted === found) return 2;
  const [wantedTag, foundTag] = [normalized(wanted), normalized(found)];
  if (wantedTag === foundTag) return 2;
  return foundTag.startsWith(`${wantedTag}-`) ? 1 : 0;
}

function normalized(tag: string): string {
  return tag.trim().replaceAll('_', '-').toLowerCase();
}
