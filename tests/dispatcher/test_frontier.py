"""The heap of distances, and the order within one."""

from thalweg.dispatcher.frontier import Frontier, by_rank


def drained(frontier):
    """Data in the order of their buckets, nearest first."""
    from heapq import heappop

    order = []
    while frontier.distances:
        order.append(frontier.buckets.pop(heappop(frontier.distances)))
    return order


def test_data_come_by_distance():
    frontier = Frontier()
    for datum, distance in [(1, 3.0), (2, 0.5), (3, 2.0)]:
        frontier.push(datum, distance)
    assert drained(frontier) == [[2], [3], [1]]


def test_data_of_one_distance_share_a_bucket_in_the_order_of_arrival():
    frontier = Frontier()
    for datum in (5, 3, 4):
        frontier.push(datum, 1.0)
    assert (frontier.distances, frontier.buckets) == ([1.0], {1.0: [5, 3, 4]})


def test_a_copy_is_a_frontier_of_its_own():
    frontier = Frontier()
    frontier.push(1, 1.0)
    twin = frontier.copy()
    twin.push(2, 1.0)
    twin.push(3, 0.5)
    assert drained(frontier) == [[1]]
    assert drained(twin) == [[3], [1, 2]]


def test_within_a_distance_the_lower_rank_comes_first():
    assert list(by_rank([0, 1, 2], rank=[2, 0, 1], hops=[0, 0, 0])) == [1, 2, 0]


def test_within_a_rank_fewer_hops_come_first():
    assert list(by_rank([0, 1, 2], rank=[0, 0, 0], hops=[2, 0, 1])) == [1, 2, 0]


def test_within_a_hop_the_lower_number_comes_first():
    assert list(by_rank([2, 0, 1], rank=[0, 0, 0], hops=[0, 0, 0])) == [0, 1, 2]


def test_what_is_added_meanwhile_takes_its_place():
    bucket = [3, 1]
    order = []
    for datum in by_rank(bucket, rank=[0, 1, 2, 3], hops=[0] * 4):
        order.append(datum)
        if datum == 1:
            bucket += [2, 0]
    assert order == [1, 0, 2, 3]


def test_an_empty_bucket_gives_nothing():
    assert list(by_rank([], rank=[], hops=[])) == []
