/** A block of lines of a known size: cut to its width and height, never wrapped, so that a frame is as tall as it says. */
import { Box, Text } from 'ink';
import { useTheme } from '../hooks/use-theme.ts';
import { paintLine, type RichLine } from '../text/rich-line.ts';

export interface LinesProps {
  readonly lines: readonly RichLine[];
  /** Cells. */
  readonly width: number;
  /** Rows; missing lines stay empty. */
  readonly height: number;
}

/** A text of its own for each line: Ink keeps the last 8,192 texts it has measured, and whole frames would be 40 MB. */
export function Lines({ lines, width, height }: LinesProps) {
  const theme = useTheme();
  const texts = Array.from({ length: Math.max(0, height) }, (_, row) => {
    const line = lines[row];
    return { row, text: line === undefined ? '' : paintLine(line, width, theme) };
  });
  return (
    <Box flexDirection="column" width={width} height={height} flexShrink={0} overflow="hidden">
      {texts.map(({ row, text }) => (
        <Box key={row} height={1} flexShrink={0}>
          <Text wrap="truncate">{text}</Text>
        </Box>
      ))}
    </Box>
  );
}
