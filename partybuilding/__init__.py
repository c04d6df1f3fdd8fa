"""The party half: whistles that call departments to where the street stands alone; lists, meetings, members to come."""
