-- How many consecutive ids are a range of the indexes, and the state of indexes with such ranges. In a Cluster a partition has one id of 16, by
-- default, and a range is so much longer. Needs index_key.
local INDEX_RANGE, INDEXED_AS = 512, '5'
if string.find(index_key, '{', 1, true) then INDEX_RANGE, INDEXED_AS = 8192, '6' end
