package dev.headroom.scaling.law;

import java.io.Serializable;
import java.util.List;

/** A law of the literature: what it says of itself stands on one card. */
public interface PublishedLaw extends Law {

  /** What a law says of itself, as {@link Law} describes each. */
  record Card(
      String name,
      String formula,
      String source,
      List<Variable> variables,
      List<Parameter> parameters)
      implements Serializable {}

  /** Returns the card. */
  Card card();

  @Override
  default String name() {
    return card().name();
  }

  @Override
  default String formula() {
    return card().formula();
  }

  @Override
  default String source() {
    return card().source();
  }

  @Override
  default List<Variable> variables() {
    return card().variables();
  }

  @Override
  default List<Parameter> parameters() {
    return card().parameters();
  }
}
