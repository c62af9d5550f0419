package dev.headroom.scaling.fit;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Lists which points belong to which run.
 *
 * @param members the points of each group
 * @param repeated whether some group holds more than one point
 */
record Groups(int[][] members, boolean repeated) {

  static Groups of(int[] group) {
    Map<Integer, List<Integer>> byGroup = new LinkedHashMap<>();
    for (int i = 0; i < group.length; i++) {
      byGroup.computeIfAbsent(group[i], key -> new ArrayList<>()).add(i);
    }
    int[][] members = new int[byGroup.size()][];
    int next = 0;
    for (List<Integer> points : byGroup.values()) {
      int[] indices = new int[points.size()];
      for (int k = 0; k < indices.length; k++) {
        indices[k] = points.get(k);
      }
      members[next++] = indices;
    }
    return new Groups(members, members.length < group.length);
  }

  static int[][] single(int points) {
    int[][] members = new int[points][1];
    for (int i = 0; i < points; i++) {
      members[i][0] = i;
    }
    return members;
  }

  int count() {
    return members.length;
  }
}
