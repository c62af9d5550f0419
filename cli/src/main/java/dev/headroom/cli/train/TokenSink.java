package dev.headroom.cli.train;

import com.knuddels.jtokkit.Encodings;
import com.knuddels.jtokkit.api.Encoding;
import com.knuddels.jtokkit.api.EncodingType;
import com.knuddels.jtokkit.api.IntArrayList;
import dev.headroom.head.NumberTokens;
import java.util.Arrays;

/** Turns text into o200k ids, piece by piece, kept compactly. */
final class TokenSink {
  /** Number of classes: one more than the highest id of o200k. */
  static final int CLASSES = 200_019;

  /** The id that ends a document. */
  static final int END_OF_TEXT = 199_999;

  // a piece ends at a line break once it is this long, and anywhere at the hard limit
  private static final int PIECE = 1 << 16;
  private static final int HARD = 1 << 20;

  private final Encoding encoding = o200k();
  private final StringBuilder pending = new StringBuilder();
  private int[] tokens = new int[1 << 16];
  private int size;
  private int documents;

  private static Encoding o200k() {
    return Encodings.newLazyEncodingRegistry().getEncoding(EncodingType.O200K_BASE);
  }

  /** Returns the number tokens of o200k: 0 to 9, 00 to 99, 000 to 999. */
  static NumberTokens numbers() {
    return NumberTokens.ofEncoding(o200k(), NumberTokens.Kind.NUMBERS);
  }

  /** Adds text of the current document. */
  void text(CharSequence text) {
    pending.append(text);
    while (pending.length() >= PIECE) {
      int cut = pending.lastIndexOf("\n") + 1;
      if (cut == 0) {
        if (pending.length() < HARD) {
          return;
        }
        cut = Character.isHighSurrogate(pending.charAt(HARD - 1)) ? HARD - 1 : HARD;
      }
      encode(pending.substring(0, cut));
      pending.delete(0, cut);
    }
  }

  /** Ends the current document; one without any text counts for nothing. */
  void endDocument() {
    int before = size;
    encode(pending.toString());
    pending.setLength(0);
    if (size > before || before > 0 && tokens[before - 1] != END_OF_TEXT) {
      add(END_OF_TEXT);
      documents++;
    }
  }

  private void encode(String text) {
    IntArrayList ids = encoding.encodeOrdinary(text);
    for (int i = 0; i < ids.size(); i++) {
      add(ids.get(i));
    }
  }

  private void add(int id) {
    if (size == tokens.length) {
      tokens = Arrays.copyOf(tokens, Math.addExact(size, size / 2));
    }
    tokens[size++] = id;
  }

  int documents() {
    return documents;
  }

  int[] tokens() {
    return Arrays.copyOf(tokens, size);
  }
}
